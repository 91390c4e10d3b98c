"""From points to findings: the likeliest cause first, as sure as its points are."""

from __future__ import annotations

from provisioner.catalog.find import reference
from provisioner.doctor.judge import SETTLED, Suspect, Suspects, chance_of, suspects
from provisioner.doctor.patient import Patient
from provisioner.doctor.remedies import fixes
from provisioner.report import Confidence, Finding, Severity

_LIKELY, _WORTH, _POSSIBLE = 45, 25, 6
"""Points from which a cause is likely, worth a word at all, and possible where the rest is not
sure."""
_HINTED = 1
"""Points of the first cause from which a report is told of any, unless it says that all is well."""
_NEARLY = 1.15
"""A cause is not certain beside one that has as many points but for this."""
_CERTAIN, _EVEN = 0.95, 0.5
"""The chance, by points and wording, from which the first cause of a report may be certain, and
below which it is no more than possible."""
_CALM = 0.45
"""What words count that merely go with a cause, where nothing says that anything is wrong."""
_MOST, _AT_LEAST = 5, 3
"""Findings that anybody reads, and those that are told of a machine in trouble."""
_FAR_BEHIND = 0.34
"""A cause with less than this share of the first one's points is told only among the first few."""


def diagnose(patient: Patient) -> tuple[Finding, ...]:
    """Return what is probably wrong, the likeliest first; empty where nothing points at anything.

    Raises BadDataError where the catalog's sheets cannot be read.
    """
    found = suspects(patient)
    # Probes say what they mean: nothing has to be guessed from words that go with it.
    guessing = found.in_trouble and not patient.symptoms.examined
    weighed = found.listed if guessing else tuple(map(_in_calm, found.listed))
    if found.all_is_well:
        weighed = tuple(map(_of_sound, weighed))
    least = _least(found, guessing=guessing, reported=patient.symptoms.reported)
    listed = [one for one in weighed if one.points >= least]
    if listed and listed[0].points < _HINTED:
        return ()
    first = listed[0].points if listed else 0.0
    near = [one for one in listed if one.points >= max(first * _FAR_BEHIND, _WORTH)]
    kept = listed[: min(max(len(near), 0 if patient.symptoms.examined else _AT_LEAST), _MOST)]
    return tuple(_finding(patient, found, one, _confidence(one, listed, patient)) for one in kept)


def _least(found: Suspects, *, guessing: bool, reported: bool) -> float:
    """Points from which a cause is told: whoever reports something suspects that it is wrong."""
    if not reported:
        return _POSSIBLE if guessing else _WORTH
    return _WORTH if found.all_is_well or (found.is_sound and not guessing) else 0.0


def _in_calm(one: Suspect) -> Suspect:
    """A cause where nothing says that anything is wrong: words that go with it count less."""
    return one if one.mild or one.points >= SETTLED else one._replace(points=one.points * _CALM)


def _of_sound(one: Suspect) -> Suspect:
    """A cause of which a report of something that works only has the words."""
    return one if one.proved else one._replace(points=min(one.points, _LIKELY - 1))


def _finding(patient: Patient, found: Suspects, one: Suspect, confidence: Confidence) -> Finding:
    row = reference(patient.catalog, one.reference)
    return Finding(
        reference=one.reference,
        severity=_severity(
            one,
            confidence,
            spares=row.spares_runs and patient.symptoms.examined,
            told_to_fail=found.told_to_fail,
        ),
        message=" ".join((row.meaning, *one.because)),
        evidence=one.evidence,
        fix=fixes(one.reference, patient, found.held) or (row.fix,),
        confidence=confidence,
    )


def _confidence(one: Suspect, listed: list[Suspect], patient: Patient) -> Confidence:
    """Contradicting evidence, and another cause with nearly as many points, make it less sure."""
    rivals = [other for other in listed if other is not one]
    near = max((other.points for other in rivals[:1]), default=0.0) * _NEARLY
    settled = one.points >= SETTLED and one.points >= near
    if patient.symptoms.reported and one is listed[0]:
        chance = chance_of(one, listed)
        settled = settled and chance >= _CERTAIN
        if chance < _EVEN:
            return "unsure"
    if settled:
        return "certain"
    return "likely" if one.points >= _LIKELY else "unsure"


def _severity(
    one: Suspect, confidence: Confidence, *, spares: bool, told_to_fail: bool
) -> Severity:
    """An error harms what runs here, and something is said to fail or the catalog proves it.

    ``spares``: nothing that runs here is harmed by it, as it would be told of in a report.
    """
    if confidence == "unsure":
        return "note"
    harms = one.points >= _LIKELY and not (one.mild or spares)
    return "error" if harms and (told_to_fail or one.proved) else "warning"
