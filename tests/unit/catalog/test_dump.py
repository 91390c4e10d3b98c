from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from provisioner.catalog import rows, sheets, system_rows
from provisioner.catalog.decode import read
from provisioner.catalog.dump import dump, header_of

LINE_SAFE = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def test_rows_stand_in_the_order_of_numbers() -> None:
    torch = sheets.builds("torch")
    found = [
        rows.Build(
            framework="torch",
            version=version,
            platform="linux-x86_64",
            kind="measured",
            evidence="wheel",
            checked="2026-11-20",
        )
        for version in ("2.10.0", "2.9.1", "1.13.1")
    ]

    text = dump(torch, found)

    assert [row.version for row in read(torch, text) if isinstance(row, rows.Build)] == [
        "1.13.1",
        "2.9.1",
        "2.10.0",
    ]


def test_a_row_is_one_line_that_ends_in_its_proof_and_leaves_defaults_out() -> None:
    row = rows.DriverBranch(branch="580", cuda="13.0", evidence="seen", checked="2026-11-20")

    text = dump(sheets.DRIVERS, [row])

    assert text == (
        b'{"branch": "580", "cuda": "13.0", "evidence": "seen", "checked": "2026-11-20"}\n'
    )


def test_the_comment_at_the_head_of_a_toml_sheet_is_kept() -> None:
    text = (
        b"# Tools.\n# Pinned.\n\n"
        b'[[tool]]\nname = "uv"\nversion = "0.13.8"\nhashes = ["sha256:00"]\n'
        b'evidence = "index"\nchecked = "2026-11-20"\n'
    )

    assert header_of(text) == "# Tools.\n# Pinned.\n\n"
    assert dump(sheets.TOOLS, read(sheets.TOOLS, text), header_of(text)) == text


@given(st.lists(st.tuples(LINE_SAFE, LINE_SAFE), max_size=5))
def test_whatever_text_a_row_holds_comes_back_from_json_lines(found: list[tuple[str, str]]) -> None:
    made = [rows.DriverBranch(branch=b, evidence=e, checked="") for b, e in found]

    text = dump(sheets.DRIVERS, made)

    assert sorted(read(sheets.DRIVERS, text), key=repr) == sorted(made, key=repr)
    assert dump(sheets.DRIVERS, read(sheets.DRIVERS, text)) == text


@given(st.lists(st.tuples(LINE_SAFE, st.booleans()), max_size=5))
def test_whatever_text_a_row_holds_comes_back_from_toml(found: list[tuple[str, bool]]) -> None:
    made = [
        system_rows.PythonRow(version="3.12", recommended=good, evidence=text, checked="")
        for text, good in found
    ]

    text = dump(sheets.PYTHONS, made)

    assert list(read(sheets.PYTHONS, text)) == made
    assert dump(sheets.PYTHONS, read(sheets.PYTHONS, text)) == text


def test_a_default_that_was_made_anew_is_left_out_too() -> None:
    made_anew = tuple(name for name in ["open"] if name.isupper())
    row = rows.DriverBranch(
        branch="580", kernel_modules=made_anew, evidence="seen", checked="2026-11-20"
    )

    assert b"kernel_modules" not in dump(sheets.DRIVERS, [row])
