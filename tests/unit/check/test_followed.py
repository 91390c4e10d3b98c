"""Lists of requirements that name others: read as pip reads them, each finding at its own line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provisioner.check import Checked
from provisioner.check.source import text_of
from provisioner.errors import UsageError
from tests.unit.check.checking import checked, machine

PASCAL = machine("GTX 1080", driver="535.183.01")


def errors(file: Checked) -> list[tuple[str, str]]:
    return [(one.reference, one.evidence[0]) for one in file.findings if one.severity == "error"]


def found(text: str, **others: str) -> list[tuple[str, str]]:
    beside = {f"deps/{name}.txt": content for name, content in others.items()}
    return errors(checked("deps/requirements.txt", text, PASCAL, beside))


@pytest.mark.parametrize(
    "line", ["-r base.txt", "-rbase.txt", "--requirement base.txt", "--requirement=base.txt"]
)
def test_a_list_that_is_named_is_read_at_its_own_lines(line: str) -> None:
    # 06_torch_default_wheels: 2.8.0 has no code below 7.0
    assert found(f"{line}\nrequests\n", base="# ours\ntorch==2.8.0\n") == [
        ("gpu-too-old", "deps/base.txt:2: torch==2.8.0")
    ]


@pytest.mark.parametrize("line", ["-c pins.txt", "--constraint pins.txt"])
def test_constraints_bind_what_is_asked_for_and_ask_for_nothing(line: str) -> None:
    assert found(f"{line}\ntorch\n", pins="torch==2.8.0\n") == [
        ("gpu-too-old", "deps/pins.txt:1: torch==2.8.0")
    ]
    assert found(f"{line}\ntorch==2.5.1\n", pins="torchvision==0.23.0\n") == []


def test_a_constraint_keeps_what_comes_along_below_its_cap() -> None:
    text = "tensorflow-cpu==2.10.1\n-c pins.txt\n"
    loose = checked("requirements.txt", text, machine("none"), {"pins.txt": "scipy<2\n"})
    bound = checked("requirements.txt", text, machine("none"), {"pins.txt": "numpy<2\n"})

    assert "cap-missing" in {one.reference for one in loose.findings}
    assert "cap-missing" not in {one.reference for one in bound.findings}


def test_what_one_list_says_of_indexes_holds_for_all_of_them() -> None:
    # 06_torch_variants: cu126 of 2.8.0 serves Pascal
    assert (
        found("-r where.txt\ntorch==2.8.0\n", where="-i https://download.pytorch.org/whl/cu126\n")
        == []
    )


def test_lists_are_looked_for_beside_the_one_that_names_them() -> None:
    beside = {"more/a.txt": "-r b.txt\n", "more/b.txt": "torch==2.8.0\n"}
    file = checked("requirements.txt", "-r more/a.txt\n", PASCAL, beside)

    assert errors(file) == [("gpu-too-old", "more/b.txt:1: torch==2.8.0")]
    assert file.followed == ("more/b.txt",)


def test_a_list_that_is_missing_is_an_error_with_its_line() -> None:
    assert found("requests\n-r gone.txt\n") == [
        ("file-not-followed", "deps/requirements.txt:2: -r gone.txt")
    ]
    assert found("-r a.txt\n", a="\n-c gone.txt\n") == [
        ("file-not-followed", "deps/a.txt:2: -c gone.txt")
    ]


def test_lists_that_name_each_other_are_read_once_and_told() -> None:
    assert found("-r a.txt\ntorch==2.8.0\n", a="-r requirements.txt\n") == [
        ("file-not-followed", "deps/a.txt:1: -r requirements.txt"),
    ]


def test_a_long_row_and_a_wide_tree_of_lists_come_to_an_end() -> None:
    row = {f"{n}.txt": f"-r {n + 1}.txt\n" for n in range(100)}
    wide = {f"{n}.txt": "".join(f"-r {m}.txt\n" for m in range(n)) for n in range(60)}
    for others in (row, wide):
        file = checked("requirements.txt", "-r 0.txt\n-r 59.txt\n", PASCAL, others)

        assert "file-not-followed" in {one.reference for one in file.findings}


def test_a_list_that_lies_on_the_network_is_not_asked_for() -> None:
    file = checked("requirements.txt", "-r https://a.example/b.txt\ntorch==2.8.0\n", PASCAL)

    assert [(one.reference, one.severity) for one in file.findings] == [
        ("file-not-followed", "warning")
    ]


def test_the_pip_section_of_an_environment_names_lists_too() -> None:
    text = "dependencies:\n  - python=3.12\n  - pip:\n    - -r base.txt\n"
    file = checked("environment.yml", text, PASCAL, {"base.txt": "torch==2.8.0\n"})

    assert errors(file) == [("gpu-too-old", "base.txt:1: torch==2.8.0")]
    gone = checked("environment.yml", text, PASCAL)
    assert errors(gone) == [("file-not-followed", "environment.yml:4: -r base.txt")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_the_mark_of_a_list_says_its_encoding(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding.endswith("e") else ""
    name = tmp_path / "requirements.txt"
    name.write_bytes(f"{mark}torch==2.8.0\r\n".encode(encoding))

    assert text_of(str(name)) == "torch==2.8.0\n"


def test_only_lists_come_in_another_encoding(tmp_path: Path) -> None:
    for name in ("Dockerfile", "pyproject.toml", "environment.yml"):
        (tmp_path / name).write_bytes("a: b\n".encode("utf-16"))
        with pytest.raises(UsageError):
            text_of(str(tmp_path / name))


def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(UsageError):
        text_of(str(tmp_path / "pipe.txt"))
