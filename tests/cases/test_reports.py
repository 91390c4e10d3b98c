"""``doctor --report`` names the cause, is as sure as it may be, and lets sound machines be."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import pytest

from provisioner import resources, workflow
from provisioner.catalog.load import Catalog
from provisioner.doctor import Patient, diagnose, read
from provisioner.report import Finding
from tests.cases import HEALTHY, Case, broken, cases
from tests.cases.weigh import SOURCES, weighed

FOLDERS = ("given", "gathered", "later", "mixed", "paraphrased")
FIRST, AMONG_THREE = 0.90, 0.97
"""What the issue asks for: shares of reports whose cause comes first, and among the first three."""


@lru_cache(maxsize=1)
def shipped() -> Catalog:
    return workflow.catalog()


@pytest.fixture(name="rows")
def shipped_rows() -> Catalog:
    return shipped()


@lru_cache(maxsize=2000)
def findings(case: Case, rows: Catalog) -> tuple[Finding, ...]:
    return diagnose(Patient(read(case.report, rows), rows))


def shares(reports: list[Case], rows: Catalog) -> tuple[float, float, dict[str, list[str]]]:
    """How many causes come first, how many among three, and what those that do not are told of."""
    told = {case: [one.reference for one in findings(case, rows)] for case in reports}
    first = sum(listed[:1] == [case.reference] for case, listed in told.items())
    among = sum(case.reference in listed[:3] for case, listed in told.items())
    missed = {
        case.name: listed[:3] for case, listed in told.items() if case.reference not in listed[:3]
    }
    return first / len(reports), among / len(reports), missed


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_true_cause_comes_first(folder: str, rows: Catalog) -> None:
    first, among, missed = shares(broken(folder), rows)
    assert first >= FIRST, missed
    assert among >= AMONG_THREE, missed


def test_the_cause_of_reports_that_nothing_was_made_from_comes_first(rows: Catalog) -> None:
    first, among, _ = shares(broken("unseen"), rows)
    assert first >= FIRST
    assert among >= AMONG_THREE


@pytest.mark.parametrize(
    "case", [case for case in cases("mixed") if case.also], ids=lambda c: c.name
)
def test_a_report_of_several_causes_tells_of_each(case: Case, rows: Catalog) -> None:
    told = [one.reference for one in findings(case, rows)]
    assert set(case.also) <= set(told)


@pytest.mark.parametrize(
    "case", [case for case in cases("gathered") if case.reference == HEALTHY], ids=lambda c: c.name
)
def test_a_sound_machine_has_no_error(case: Case, rows: Catalog) -> None:
    wrong = [one for one in findings(case, rows) if one.severity == "error"]
    assert not wrong


def test_the_surer_a_finding_is_the_oftener_it_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of half of the reports, with the words of the other half: all words know their own."""
    reports = broken("gathered")
    fresh = Catalog(resources.stacks())
    monkeypatch.setitem(vars(fresh), "wordings", weighed(reports[::2]))
    right: Counter[str] = Counter()
    told: Counter[str] = Counter()
    for case in reports[1::2]:
        for finding in findings(case, fresh)[:1]:
            told[finding.confidence] += 1
            right[finding.confidence] += finding.reference == case.reference

    share = {word: right[word] / told[word] for word in told}
    assert share["certain"] > share["likely"] > share["unsure"]
    assert share["certain"] >= 0.97


def test_what_speaks_against_a_cause_makes_it_less_sure(rows: Catalog) -> None:
    said = "CUDA used to build PyTorch: None\n"
    against = said + "torch 2.5.1+cu124\nIs CUDA available: True\n"
    alone, doubted = (
        {one.reference: one for one in diagnose(Patient(read(text, rows), rows))}
        for text in (said, against)
    )

    assert alone["cpu-only-wheel"].confidence != "unsure"
    assert "cpu-only-wheel" not in doubted or doubted["cpu-only-wheel"].confidence == "unsure"


def test_every_cause_of_the_vocabulary_has_reports() -> None:
    known = {case.reference for case in broken("given")}
    assert known <= {case.reference for case in broken("gathered")}
    assert known <= {case.reference for case in broken("paraphrased")}


def test_the_words_are_weighed_on_the_reports_that_are_here(rows: Catalog) -> None:
    anew = weighed([case for folder in SOURCES for case in broken(folder)])
    assert {row.reference: (row.reports, dict(row.words)) for row in anew} == {
        row.reference: (row.reports, dict(row.words)) for row in rows.wordings
    }, "python -m tests.cases.weigh"
