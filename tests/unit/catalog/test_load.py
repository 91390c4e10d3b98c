from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.catalog.load import Catalog
from provisioner.errors import BadDataError

PROOF = '"evidence": "a wheel", "checked": "2026-11-20"'
BUILD = (
    '{{"framework": "{0}", "version": "{1}", "platform": "linux-x86_64",'
    ' "kind": "measured", {2}}}\n'
)


def write(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text, encoding="utf-8")


def refused(catalog: Catalog, attribute: str) -> BadDataError:
    with pytest.raises(BadDataError) as caught:
        getattr(catalog, attribute)
    return caught.value


def test_only_the_sheets_that_are_asked_for_are_read(tmp_path: Path) -> None:
    write(
        tmp_path, "contents.json", '{"checked": "2026-11-20", "frameworks": {"torch": ["torch"]}}'
    )
    write(tmp_path, "frameworks/torch.jsonl", BUILD.format("torch", "2.9.1", PROOF))

    catalog = Catalog(tmp_path)

    assert catalog.frameworks == ("torch",)
    assert catalog.checked == "2026-11-20"
    assert [row.version for row in catalog.builds("torch")] == ["2.9.1"]


def test_a_framework_nobody_knows_has_no_builds(tmp_path: Path) -> None:
    write(tmp_path, "contents.json", '{"checked": "2026-11-20", "frameworks": {}}')

    assert Catalog(tmp_path).builds("caffe") == ()


def test_builds_that_no_plan_takes_are_not_read_unless_asked_for(tmp_path: Path) -> None:
    contents = (
        '{"checked": "2026-11-20", "frameworks": {"torch": ["torch"]},'
        ' "companions": {"jaxlib": ["jaxlib-conda"]}, "unplanned": {"torch": ["torch"]}}'
    )
    write(tmp_path, "contents.json", contents)
    write(tmp_path, "frameworks/torch.jsonl", BUILD.format("torch", "2.9.1", PROOF))
    write(tmp_path, "companions/jaxlib-conda.jsonl", BUILD.format("jaxlib", "0.9.2", PROOF))
    write(tmp_path, "unplanned/torch.jsonl", "damaged\n")
    catalog = Catalog(tmp_path)

    assert [row.version for row in catalog.builds("torch")] == ["2.9.1"]
    assert [row.version for row in catalog.builds("jaxlib")] == ["0.9.2"]
    assert (catalog.frameworks, catalog.every_name) == (("torch",), ("jaxlib", "torch"))
    with pytest.raises(BadDataError, match=r"unplanned/torch\.jsonl, line 1"):
        catalog.every_build("torch")

    write(tmp_path, "unplanned/torch.jsonl", BUILD.format("torch", "2.9.0", PROOF))
    assert [row.version for row in catalog.every_build("torch")] == ["2.9.1", "2.9.0"]


def test_a_name_finds_every_build_that_answers_to_it(tmp_path: Path) -> None:
    contents = '{"checked": "2026-11-20", "frameworks": {"tensorflow": ["one", "two"]}}'
    provides = f'"provides": "tensorflow", {PROOF}'
    write(tmp_path, "contents.json", contents)
    write(tmp_path, "frameworks/one.jsonl", BUILD.format("tensorflow", "2.21.0", PROOF))
    write(
        tmp_path,
        "frameworks/two.jsonl",
        BUILD.format("tensorflow-gpu", "2.11.0", provides)
        + BUILD.format("something-else", "1.0.0", PROOF),
    )

    found = [(row.framework, row.version) for row in Catalog(tmp_path).builds("tensorflow")]

    assert found == [("tensorflow", "2.21.0"), ("tensorflow-gpu", "2.11.0")]


def test_a_damaged_line_is_named_by_file_line_and_key(tmp_path: Path) -> None:
    good = f'{{"version": "12.8", "driver_floor": {{}}, "driver_bundled": {{}}, {PROOF}}}\n'
    bad = f'{{"version": 12.9, "driver_floor": {{}}, "driver_bundled": {{}}, {PROOF}}}\n'
    write(tmp_path, "nvidia/cuda.jsonl", good + bad)

    error = refused(Catalog(tmp_path), "cuda")

    assert error.reference == "bad-row"
    assert error.exit_code == 3
    assert "nvidia/cuda.jsonl, line 2" in error.message
    assert "$.version" in error.context[0]


def test_a_misspelt_key_is_not_passed_over(tmp_path: Path) -> None:
    row = f'{{"branch": "580", "kernel_module": ["open"], {PROOF}}}\n'
    write(tmp_path, "nvidia/driver_branches.jsonl", row)

    error = refused(Catalog(tmp_path), "drivers")

    assert "line 1" in error.message
    assert "kernel_module" in error.context[0]


def test_a_row_without_proof_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "nvidia/driver_branches.jsonl", '{"branch": "580", "checked": "2026-11-20"}\n')

    assert "evidence" in refused(Catalog(tmp_path), "drivers").context[0]


def test_a_line_that_is_cut_off_is_named(tmp_path: Path) -> None:
    write(tmp_path, "nvidia/driver_branches.jsonl", f'{{"branch": "580", {PROOF}}}\n{{"branch": "5')

    assert "driver_branches.jsonl, line 2" in refused(Catalog(tmp_path), "drivers").message


def test_bytes_that_are_no_text_are_an_error_of_the_sheet(tmp_path: Path) -> None:
    write(tmp_path, "nvidia/driver_branches.jsonl", "")
    (tmp_path / "nvidia/driver_branches.jsonl").write_bytes(b'{"branch": "\xff\xfe"}\n')

    assert "line 1" in refused(Catalog(tmp_path), "drivers").message


def test_a_missing_sheet_says_which_and_what_to_do(tmp_path: Path) -> None:
    error = refused(Catalog(tmp_path), "cuda")

    assert error.reference == "bad-row"
    assert "nvidia/cuda.jsonl" in error.message
    assert "DLSETUP_STACKS" in error.hint


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("[[system]\n", "line 1", id="not-toml"),
        pytest.param("system = 3\n", "array of tables", id="not-a-table"),
        pytest.param("[[sytem]]\nid = 'debian'\n", "sytem", id="misspelt-table"),
    ],
)
def test_a_damaged_toml_sheet_says_what_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    write(tmp_path, "os.toml", text)

    error = refused(Catalog(tmp_path), "systems")

    assert error.reference == "bad-row"
    assert "os.toml" in error.message
    assert says in error.context[0]


def test_a_damaged_table_is_named_by_its_place(tmp_path: Path) -> None:
    proof = 'evidence = "seen"\nchecked = "2026-11-20"\n'
    write(
        tmp_path,
        "python.toml",
        f'[[python]]\nversion = "3.12"\n{proof}\n[[python]]\nversion = 3.13\n{proof}',
    )

    error = refused(Catalog(tmp_path), "pythons")

    assert "python.toml, [[python]] 2" in error.message
    assert "$.version" in error.context[0]


def test_a_damaged_table_of_contents_is_named(tmp_path: Path) -> None:
    write(tmp_path, "contents.json", '{"checked": "2026-11-20"}')

    error = refused(Catalog(tmp_path), "frameworks")

    assert "contents.json" in error.message
    assert "frameworks" in error.context[0]


def test_sheets_are_read_once(tmp_path: Path) -> None:
    write(tmp_path, "nvidia/driver_branches.jsonl", f'{{"branch": "580", {PROOF}}}\n')
    catalog = Catalog(tmp_path)
    first = catalog.drivers
    (tmp_path / "nvidia/driver_branches.jsonl").unlink()

    assert catalog.drivers is first
