"""Counts the words of reports: ``python -m tests.cases.weigh`` writes ``doctor/wordings.jsonl``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path

from provisioner import workflow
from provisioner.catalog.dump import dump
from provisioner.catalog.sheets import WORDINGS
from provisioner.catalog.symptom_rows import Wording
from provisioner.doctor.reading import read
from provisioner.doctor.wording import words
from tests.cases import Case, broken

SHEET = Path(__file__).parents[2] / "stacks" / "doctor" / "wordings.jsonl"
SOURCES = ("gathered", "given", "later")
"""Folders of real reports: words that were made up say nothing of how people put things."""
_TWICE = 2
"""A word that one report alone has says nothing of a cause."""


def weighed(cases: Iterable[Case], checked: str = "") -> tuple[Wording, ...]:
    """The words of reports whose cause is known, counted by cause."""
    catalog = workflow.catalog()
    said = [(case.reference, words(read(case.report, catalog).text)) for case in cases]
    everywhere = Counter(word for _, found in said for word in found)
    of_cause: dict[str, Counter[str]] = {}
    for reference, found in said:
        told = (word for word in found if everywhere[word] >= _TWICE)
        of_cause.setdefault(reference, Counter()).update(told)
    reports = Counter(reference for reference, _ in said)
    return tuple(
        Wording(
            reference=reference,
            reports=reports[reference],
            words=dict(sorted(counted.items())),
            evidence="tests/cases",
            checked=checked,
        )
        for reference, counted in sorted(of_cause.items())
    )


if __name__ == "__main__":
    today = datetime.now(tz=timezone.utc).date().isoformat()
    listed = [case for folder in SOURCES for case in broken(folder)]
    SHEET.write_bytes(dump(WORDINGS, weighed(listed, today)))
