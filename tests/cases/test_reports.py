"""``doctor --report`` names the true cause of real reports, and finds no error in sound ones."""

from __future__ import annotations

import pytest

from provisioner.catalog.load import Catalog
from provisioner.doctor import Patient, diagnose, read
from provisioner.report import Finding
from tests.cases import Case, cases

HEALTHY = "none"
FIRST, AMONG_THREE = 0.90, 0.97
"""What the issue asks for: shares of reports whose cause comes first, and among the first three."""


@pytest.fixture(scope="module")
def rows() -> Catalog:
    from provisioner import workflow

    return workflow.catalog()


def findings(case: Case, rows: Catalog) -> tuple[Finding, ...]:
    return diagnose(Patient(read(case.report, rows), rows))


def broken(folder: str) -> list[Case]:
    return [case for case in cases(folder) if case.reference != HEALTHY]


@pytest.mark.parametrize("folder", ["given", "gathered"])
def test_the_true_cause_comes_first(folder: str, rows: Catalog) -> None:
    found = {case.name: [one.reference for one in findings(case, rows)] for case in broken(folder)}
    wanted = {case.name: case.reference for case in broken(folder)}
    first = [name for name, listed in found.items() if listed[:1] == [wanted[name]]]
    among = [name for name, listed in found.items() if wanted[name] in listed[:3]]

    missed = {name: found[name] for name in found if name not in among}
    assert len(first) >= FIRST * len(found), missed
    assert len(among) >= AMONG_THREE * len(found), missed


@pytest.mark.parametrize(
    "case", [case for case in cases("gathered") if case.reference == HEALTHY], ids=lambda c: c.name
)
def test_a_sound_machine_has_no_error(case: Case, rows: Catalog) -> None:
    wrong = [one for one in findings(case, rows) if one.severity == "error"]
    assert not wrong


def test_every_cause_of_the_vocabulary_has_reports() -> None:
    known = {case.reference for case in broken("given")}
    gathered = {case.reference for case in broken("gathered")}
    assert known <= gathered
