"""Wording: how a report is put leans towards causes, where its words settle nothing.

The way of naive Bayes: words that reports of one cause have oftener than others speak for it, and
the causes share what their words say. What the words weigh is rows, ``stacks/doctor/wordings``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from provisioner.catalog.symptom_rows import Wording

_WORD = re.compile(r"[a-z_]{1,40}|\d{1,6}(?:\.\d{1,6}){0,8}")
_ANY_VERSION = "#.#"
_SHARPNESS = 0.03
"""How fast one cause outweighs the others; words of one line are not independent of each other."""


def words(text: str) -> frozenset[str]:
    """The words of a folded text and their pairs on one line; versions are all the same word."""
    return frozenset(found for line in text.split("\n") for found in _of_line(line))


def _of_line(line: str) -> Iterator[str]:
    before = ""
    for match in _WORD.finditer(line):
        word = _ANY_VERSION if "." in match[0] else match[0]
        yield word
        if before:
            yield f"{before} {word}"
        before = word


def leanings(text: str, rows: tuple[Wording, ...]) -> Mapping[str, float]:
    """Shares of causes, together 1, by the words of a text; none where no word is known."""
    said = words(text)
    weights = {
        row.reference: sum(weight for word, weight in row.words.items() if word in said)
        for row in rows
    }
    most = max(weights.values(), default=0)
    if not most:
        return {}
    raised = {name: math.exp(_SHARPNESS * (one - most)) for name, one in weights.items()}
    whole = sum(raised.values())
    return {name: one / whole for name, one in raised.items()}


def telling_lines(text: str, reference: str, rows: tuple[Wording, ...]) -> tuple[int, ...]:
    """The numbers of the two lines that speak for a cause the most."""
    weights = next((row.words for row in rows if row.reference == reference), {})
    weighed = [
        (sum(weights.get(word, 0) for word in frozenset(_of_line(line))), -number)
        for number, line in enumerate(text.split("\n"))
    ]
    return tuple(sorted(-number for weight, number in sorted(weighed)[-2:] if weight > 0))
