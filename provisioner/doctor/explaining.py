"""What a word of a finding means: how doctor knows it, and what to do about it on one machine."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from provisioner.catalog.find import reference
from provisioner.catalog.load import Catalog
from provisioner.catalog.symptom_rows import Inference, Sign
from provisioner.catalog.words import Reference
from provisioner.doctor.judge import facts_of
from provisioner.doctor.patient import Patient
from provisioner.doctor.predicates import PREDICATES
from provisioner.doctor.remedies import CHECK, fixes

_SETTLES, _SPEAKS = 90, 50
"""Points from which a sign settles a cause alone, and speaks for it."""
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
    """The strongest signs first, then what follows from several things together."""
    signs = sorted(catalog.signs, key=lambda sign: -sign.means.get(name, 0))
    for sign in signs:
        points = sign.means.get(name, 0)
        if points >= _SPEAKS:
            verb = "settles it" if points >= _SETTLES else "speaks for it"
            yield f"It {verb} where something says {_words(sign)}."
    rows = [row for row in catalog.inferences if row.reference == name and row.points >= _SPEAKS]
    by_name = {sign.name: sign for sign in catalog.signs}
    rows.sort(key=lambda row: -row.points)
    yield from dict.fromkeys(_together(row, by_name) for row in rows[:_TOGETHER])


def _words(sign: Sign) -> str:
    """The words of a sign as somebody would read them: wildcards are dots, numbers are N."""
    told = [f'"{_plain(words)}"' for words in sign.words[:_WORDS]]
    *most, last = told
    return f"{', '.join(most)} or {last}" if most else last


def _plain(words: str) -> str:
    return words.replace("*", " … ").replace("#", "N").rstrip("|").strip()


def _together(row: Inference, signs: dict[str, Sign]) -> str:
    verb = "settles it" if row.points >= _SETTLES else "speaks for it"
    held = "; and ".join(_named(word, signs) for word in row.when)
    beside = [_named(word, signs) for word in row.unless[:1]]
    unless = f", unless {beside[0]}" if beside else ""
    return f"It {verb} where {held}{unless}."


def _named(word: str, signs: dict[str, Sign]) -> str:
    """A sign, a predicate or a comparison, as a clause."""
    if word in signs:
        return f"something says {_words(signs[word])}"
    if word in PREDICATES:
        told = (PREDICATES[word].__doc__ or word).strip().partition("\n")[0].rstrip(".")
        return told if told[1:2].isupper() else told[:1].lower() + told[1:]
    return f"it is seen that {word}"
