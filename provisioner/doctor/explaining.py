"""What a word of a finding means: how doctor knows it, and what to do about it on one machine."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from provisioner.catalog.find import reference
from provisioner.catalog.load import Catalog
from provisioner.catalog.symptom_rows import Inference, Sign
from provisioner.catalog.words import Reference
from provisioner.doctor.judge import SETTLED, facts_of
from provisioner.doctor.patient import Patient
from provisioner.doctor.predicates import PREDICATES
from provisioner.doctor.predicates.comparing import in_words
from provisioner.doctor.remedies import CHECK, fixes

_SPEAKS = 50
"""Points from which a sign or an inference speaks for a cause loudly enough to be told."""
_WORDS, _TOGETHER = 4, 4
"""How many words of a sign, and how many inferences, are told."""


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """A word, what it means, how it is recognised and what to do, each in sentences."""

    reference: Reference
    recognised: tuple[str, ...]
    """Empty for a word that doctor does not look for: an error, a refusal, a warning."""
    fixes: tuple[str, ...]
    checks: tuple[str, ...]


def explain(word: str, patient: Patient) -> Explained:
    """Return what a word means, for the machine of the patient.

    Raises UsageError ``unknown-reference``.
    """
    row = reference(patient.catalog, word)
    told = fixes(row.name, patient, frozenset(facts_of(patient.symptoms, patient.catalog)))
    return Explained(
        reference=row,
        recognised=tuple(_recognised(row.name, patient.catalog)),
        fixes=tuple(text for text in told if not text.startswith(CHECK)) or (row.fix,),
        checks=tuple(text.removeprefix(CHECK) for text in told if text.startswith(CHECK)),
    )


def _recognised(name: str, catalog: Catalog) -> Iterator[str]:
    """The strongest first: words alone, and what follows from several things together."""
    told = [(sign.means.get(name, 0), _words(sign)) for sign in catalog.signs]
    signs = {sign.name: sign for sign in catalog.signs}
    rows = [row for row in catalog.inferences if row.reference == name]
    rows = sorted(rows, key=lambda row: -row.points)[:_TOGETHER]
    told += [(row.points, _together(row, signs)) for row in rows]
    told.sort(key=lambda one: -one[0])
    sure = (
        f"{'Certain' if points >= SETTLED else 'Likely'} where {clause}."
        for points, clause in told
        if points >= _SPEAKS
    )
    yield from dict.fromkeys(sure)


def _words(sign: Sign) -> str:
    """The words of a sign as somebody would read them: wildcards are dots, numbers are N."""
    told = dict.fromkeys(f'"{_plain(words)}"' for words in sign.words)
    *most, last = list(told)[:_WORDS]
    return f"{', '.join(most)} or {last} is said" if most else f"{last} is said"


def _plain(words: str) -> str:
    shown = words.replace("*", " … ").replace("#", "N").rstrip("|")
    return " ".join(shown.split())


def _together(row: Inference, signs: dict[str, Sign]) -> str:
    held = ", and ".join(_named(word, signs) for word in row.when)
    beside = [_named(word, signs) for word in row.unless[:1]]
    return f"{held}, unless {beside[0]}" if beside else held


def _named(word: str, signs: dict[str, Sign]) -> str:
    """A sign, a predicate, a comparison or another cause, as a clause."""
    if word in signs:
        return _words(signs[word])
    if word in PREDICATES:
        told = (PREDICATES[word].__doc__ or word).strip().partition("\n")[0].rstrip(".")
        is_name = any(map(str.isupper, told.partition(" ")[0][1:]))
        return told if is_name else told[:1].lower() + told[1:]
    return in_words(word) or f"the facts of what is installed say {word}"
