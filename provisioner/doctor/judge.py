"""Points for causes: signs, predicates and what follows from them together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from provisioner.catalog.load import Catalog
from provisioner.doctor import signs, wording
from provisioner.doctor.patient import Patient
from provisioner.doctor.predicates import PREDICATES, compared
from provisioner.doctor.soundness import soundness
from provisioner.doctor.symptoms import Symptoms

SETTLED = 85
"""Points from which a cause is certain."""
_FACTS = 70
"""Points of what follows from the catalog alone, without an error that anybody saw."""
_EXAMINED = 90
"""The same, where the packages were looked at and not only told of."""
TROUBLE = "trouble"
"""The sign that something is wrong at all."""
_LEANING = 12
"""Points that all causes share by the wording of a report: enough where nothing else speaks."""
_LEAST_SHARE = 0.03
"""A smaller share of them is not worth a vote."""
_WORDED, _LEAST_WORDED = 15, 0.01
"""Points of rank for each time that the wording makes a cause e times as likely, and the share
below which it makes none less likely: what signs and facts say stays heavier than long logs."""
_SOUND = "gpu-works"
_OTHERS = 0.25
"""How much further votes add to the strongest."""


class Vote(NamedTuple):
    """Points for one cause, what they rest on, and what facts say of it in a sentence."""

    reference: str
    points: int
    evidence: tuple[str, ...]
    because: tuple[str, ...] = ()
    mild: bool = False
    proved: bool = False
    """It follows from the catalog, whatever the text says."""


class Suspect(NamedTuple):
    """A cause, all its points together, and the evidence, the strongest first."""

    reference: str
    points: float
    rank: float
    """The points and what the wording adds to or takes from them beside other causes."""
    evidence: tuple[str, ...]
    because: tuple[str, ...] = ()
    mild: bool = False
    """It harms only who needs what is amiss."""
    proved: bool = False
    """It follows from the catalog, whatever the text says."""


class Suspects(NamedTuple):
    """The causes that the symptoms speak for, the likeliest first, and all that holds."""

    listed: tuple[Suspect, ...]
    held: frozenset[str]
    all_is_well: bool = False
    """The report is of something that works."""
    told_to_fail: bool = True
    """Something is said to fail; probes speak of nothing else."""

    @property
    def in_trouble(self) -> bool:
        """Whether anything says that something is wrong at all."""
        return TROUBLE in self.held

    @property
    def is_sound(self) -> bool:
        """Whether something says that the GPU computes."""
        return _SOUND in self.held


def suspects(patient: Patient) -> Suspects:
    """Return the causes that the symptoms speak for. Raises BadDataError for a broken catalog."""
    votes: dict[str, list[Vote]] = {}
    held: dict[str, tuple[str, ...]] = {}
    for vote in (*_by_facts(patient, held), *_votes(patient.symptoms, patient.catalog, held)):
        votes.setdefault(vote.reference, []).append(vote)
    shares = _leanings(patient)
    worded = (name for name, share in shares.items() if share >= _LEAST_SHARE)
    found = [_sum(name, votes.get(name, []), shares) for name in dict.fromkeys((*votes, *worded))]
    found = [one if one.evidence or one.because else _quoted(one, patient) for one in found]
    listed = sorted((one for one in found if one.points > 0), key=lambda one: -one.rank)
    names = frozenset(held)
    sound = soundness(patient.symptoms, patient.catalog, names)
    return Suspects(tuple(listed), names, sound.all_is_well, sound.told_to_fail)


def chance_of(one: Suspect, listed: list[Suspect]) -> float:
    """The chance of one suspect among all, by their ranks."""
    return 1 / sum(math.exp((other.rank - one.rank) / _WORDED) for other in listed)


def _leanings(patient: Patient) -> Mapping[str, float]:
    """The shares of causes by the wording of a report; probes have no wording of their own."""
    if not patient.symptoms.reported:
        return {}
    return wording.leanings(patient.symptoms.text, patient.catalog.wordings)


def _quoted(one: Suspect, patient: Patient) -> Suspect:
    """A cause that the wording alone speaks for, with the lines that do."""
    told = patient.symptoms
    numbers = wording.telling_lines(told.text, one.reference, patient.catalog.wordings)
    return one._replace(evidence=tuple(told.lines[number].strip() for number in numbers))


def _by_facts(patient: Patient, held: dict[str, tuple[str, ...]]) -> Iterator[Vote]:
    """What the catalog says of the packages, whether anything failed yet or not."""
    if not patient.symptoms.packages:
        return
    from provisioner.doctor import installed

    points = _EXAMINED if patient.symptoms.examined else _FACTS
    for reference, flaw in installed.flaws(patient):
        quotes = tuple(place.text for place in flaw.places if place.text)
        held[flaw.reference] = quotes
        yield Vote(reference, points, quotes, (flaw.message,), proved=True)


def facts_of(symptoms: Symptoms, catalog: Catalog) -> dict[str, str]:
    """The predicates and comparisons of rows that hold, each with its sentence."""
    told = {name: predicate(symptoms, catalog) for name, predicate in PREDICATES.items()}
    listed = [(row.when, row.unless) for row in catalog.inferences]
    listed += [(row.when, row.unless) for row in catalog.remedies]
    for word in {word for when, unless in listed for word in (*when, *unless)}:
        told.setdefault(word, compared(word, symptoms))
    return {name: text for name, text in told.items() if text}


def _votes(
    symptoms: Symptoms, catalog: Catalog, held: dict[str, tuple[str, ...]]
) -> Iterator[Vote]:
    for sign, lines in signs.seen(catalog.signs, symptoms):
        held[sign.name] = lines
        for reference, points in sign.means.items():
            yield Vote(reference, points, lines, mild=sign.mild)
    facts = facts_of(symptoms, catalog)
    held.update(dict.fromkeys(facts, ()))
    for row in catalog.inferences:
        if held.keys() >= set(row.when) and not held.keys() & set(row.unless):
            told_by = tuple(line for name in row.when for line in held[name])
            because = tuple(facts[name] for name in row.when if name in facts)
            yield Vote(row.reference, row.points, told_by, because)


def _sum(reference: str, cast: list[Vote], shares: Mapping[str, float]) -> Suspect:
    cast = sorted(cast, key=lambda vote: -vote.points)
    against = sum(vote.points for vote in cast if vote.points < 0)
    points = [vote.points for vote in cast if vote.points > 0]
    total = points[0] + _OTHERS * sum(points[1:]) if points else 0
    speaking = [vote for vote in cast if vote.points > 0]
    evidence = dict.fromkeys(line for vote in speaking for line in vote.evidence)
    because = dict.fromkeys(text for vote in speaking for text in vote.because)
    plain = max((vote.points for vote in speaking if not vote.mild), default=0)
    mild = any(vote.mild for vote in speaking) and plain < SETTLED
    share = shares.get(reference, 0.0)
    worded = _WORDED * math.log(max(share, _LEAST_WORDED)) if shares else 0.0
    leaning = _LEANING * share if share >= _LEAST_SHARE else 0.0
    alone = total + against
    return Suspect(
        reference,
        alone + leaning,
        alone + worded,
        tuple(evidence),
        tuple(because),
        mild,
        proved=any(vote.proved for vote in speaking),
    )
