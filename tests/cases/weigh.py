"""Weighs the words of reports: ``python -m tests.cases.weigh`` writes ``doctor/wordings.jsonl``."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from pathlib import Path

from provisioner.catalog.dump import dump
from provisioner.catalog.sheets import WORDINGS
from provisioner.catalog.symptom_rows import Wording
from provisioner.doctor.reading import folded
from provisioner.doctor.wording import words
from tests.cases import Case, broken

SHEET = Path(__file__).parents[2] / "stacks" / "doctor" / "wordings.jsonl"
_TENTHS = 10
_TWICE = 2
"""A word that one report alone has says nothing of a cause."""
_DOUBT = 8
"""Reports of no cause in particular that each cause is thought to have besides its own."""
_LEAST = 3
_MOST = 60


def weighed(cases: Iterable[Case], checked: str = "") -> tuple[Wording, ...]:
    """What words say of causes, by reports whose cause is known."""
    said = [(case.reference, words(folded(case.report))) for case in cases]
    everywhere = Counter(word for _, found in said for word in found)
    of_cause: dict[str, Counter[str]] = {}
    for reference, found in said:
        of_cause.setdefault(reference, Counter()).update(found)
    reports = Counter(reference for reference, _ in said)
    return tuple(
        Wording(
            reference=reference,
            words=dict(_heaviest(of_cause[reference], reports[reference], everywhere, len(said))),
            evidence=f"{reports[reference]} reports of it among {len(said)} in tests/cases",
            checked=checked,
        )
        for reference in sorted(of_cause)
    )


def _heaviest(
    here: Counter[str], reports: int, everywhere: Counter[str], all_reports: int
) -> Iterator[tuple[str, int]]:
    found = []
    for word, count in here.items():
        usual = everywhere[word] / all_reports
        share = (count + _DOUBT * usual) / (reports + _DOUBT)
        weight = round(_TENTHS * math.log(share / usual))
        if everywhere[word] >= _TWICE and weight >= _LEAST:
            found.append((-weight * count, word, weight))
    for _, word, weight in sorted(found)[:_MOST]:
        yield word, weight


if __name__ == "__main__":
    today = datetime.now(tz=timezone.utc).date().isoformat()
    SHEET.write_bytes(dump(WORDINGS, weighed([*broken("gathered"), *broken("given")], today)))
