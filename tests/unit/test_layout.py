"""Short forms and lines that fit."""

from __future__ import annotations

import pytest

from provisioner.cli.catalog.layout import facts, pythons, size, table


@pytest.mark.parametrize(
    ("versions", "text"),
    [
        (("3.12",), "3.12"),
        (("3.9", "3.10", "3.11"), "3.9-3.11"),
        (("2.7", "3.5", "3.6"), "2.7, 3.5-3.6"),
        (("3.9", "3.11"), "3.9, 3.11"),
        (("3.12", "3.13", "3.13t", "3.14", "3.14t"), "3.12-3.14, 3.13t-3.14t"),
        ((), ""),
    ],
)
def test_neighbouring_pythons_are_a_range(versions: tuple[str, ...], text: str) -> None:
    assert pythons(versions) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, ""),
        (104_230_578, "99 MiB"),
        (24 * 1024**3, "24 GiB"),
        (1024**3, "1 GiB"),
        (int(1.5 * 1024**3), "1.5 GiB"),
    ],
)
def test_sizes_are_in_the_unit_that_people_read(count: int | None, text: str) -> None:
    assert size(count) == text


def test_a_fact_without_a_value_is_left_out_and_a_long_one_goes_on_below() -> None:
    block = facts("Title", [("name", ""), ("targets", " ".join(["sm_90a"] * 12))])

    # 80 columns less the indent, the name and the gap are 68: nine words of six letters.
    assert block.rows == (("targets", " ".join(["sm_90a"] * 9)), ("", "sm_90a sm_90a sm_90a"))


def test_the_last_cell_of_a_table_goes_on_below_itself() -> None:
    block = table("Title", [("a" * 30, "b" * 20, "one two three four five six seven")])

    assert block.rows == (
        ("a" * 30, "b" * 20, "one two three four five"),
        ("", "", "six seven"),
    )
