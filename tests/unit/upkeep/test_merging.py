from __future__ import annotations

import pytest

from provisioner.catalog import sheets
from provisioner.catalog.rows import Build, DriverBranch
from provisioner.upkeep.merging import merged, not_made

TORCH = sheets.builds("torch")


def branch(number: str, checked: str = "2026-11-20", evidence: str = "facts") -> DriverBranch:
    return DriverBranch(branch=number, evidence=evidence, checked=checked)


def build(kind: str, checked: str = "2026-11-20") -> Build:
    return Build(
        framework="torch",
        version="2.15.0",
        platform="linux-x86_64",
        kind=kind,
        evidence=kind,
        checked=checked,
    )


def test_what_a_source_does_not_make_stays_and_what_it_makes_is_added() -> None:
    by_hand, old, new = branch("575", evidence="by hand"), branch("570"), branch("580")

    assert merged(sheets.DRIVERS, [by_hand, old], [old, new]) == [by_hand, old, new]
    assert not_made(sheets.DRIVERS, [by_hand, old], [old, new]) == [by_hand]


@pytest.mark.parametrize(
    ("checked", "stays"),
    [("2026-11-19", False), ("2026-11-20", False), ("2026-11-21", True)],
)
def test_a_row_goes_on_unless_somebody_looked_later(checked: str, *, stays: bool) -> None:
    standing, made = branch("580", checked, "by hand"), branch("580")

    assert merged(sheets.DRIVERS, [standing], [made]) == [standing if stays else made]


def test_what_was_measured_is_not_replaced_by_what_was_announced_the_same_day() -> None:
    measured, announced = build("measured"), build("announced")

    assert merged(TORCH, [measured], [announced]) == [measured]
    assert merged(TORCH, [announced], [measured]) == [measured]


def test_of_two_measured_rows_of_one_day_the_sources_own_goes_on() -> None:
    standing, made = build("measured"), build("measured")

    assert merged(TORCH, [standing], [made])[0] is made
