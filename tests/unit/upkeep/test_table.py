from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.errors import OutsideError
from provisioner.upkeep.facts.table import Facts, architectures, pythons, short


def test_python_tags_are_versions_in_the_order_of_numbers() -> None:
    assert pythons("cp310 cp39 cp313t cp27") == ("2.7", "3.9", "3.10", "3.13t")


def test_a_tag_that_is_no_cpython_is_left_out() -> None:
    assert pythons("py3") == ()


@pytest.mark.parametrize(
    ("text", "sass", "ptx"),
    [
        ("5.0;6.0;9.0+PTX", ("sm_50", "sm_60", "sm_90"), ("compute_90",)),
        ("sm_60,sm_120,compute_120", ("sm_60", "sm_120"), ("compute_120",)),
        ("35 37 100 100a 90a", ("sm_35", "sm_37", "sm_90a", "sm_100", "sm_100a"), ()),
        ("3.5;5.0+PTX;8.0", ("sm_35", "sm_50", "sm_80"), ("compute_50",)),
        ("none", (), ()),
        ("unknown (header lists capabilities only)", (), ()),
        ("", (), ()),
    ],
)
def test_every_spelling_of_architectures_is_understood(
    text: str, sass: tuple[str, ...], ptx: tuple[str, ...]
) -> None:
    assert architectures(text) == sass
    assert architectures(text, "compute") == ptx


def test_comment_lines_are_no_rows_and_a_cut_source_is_made_whole(tmp_path: Path) -> None:
    text = "# what this is, in words\na,source\n1,seen in scripts, unnamed\n2,a page\n"
    (tmp_path / "x.csv").write_text(text, encoding="utf-8")

    found = Facts(tmp_path).rows("x")

    assert [row["source"] for row in found] == ["seen in scripts, unnamed", "a page"]


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutsideError) as caught:
        Facts(tmp_path).rows("01_cuda_driver")

    assert caught.value.reference == "facts-unreadable"
    assert "01_cuda_driver.csv" in caught.value.message


def test_a_long_source_is_said_in_fewer_words() -> None:
    long = "runfile/exe names in Jimver/cuda-toolkit src/links @3d45d15 (2026-03-29)"

    assert short(long) == "Jimver/cuda-toolkit @3d45d15 (2026-03-29)"
