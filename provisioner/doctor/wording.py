"""Wording: how a report is put leans towards causes, beside what its signs say.

The way of naive Bayes: words that reports of one cause have oftener than others speak for it, words
that they lack speak against it, and the causes share what the words of a text say together. The
words of real reports are counted in rows, ``stacks/doctor/wordings``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from provisioner.catalog.symptom_rows import Wording

_WORD = re.compile(r"[a-z_]{1,40}|\d{1,6}(?:\.\d{1,6}){0,8}")
_ANY_VERSION = "#.#"
_DOUBT = 8
"""Reports of no cause in particular that each cause is thought to have besides its own."""


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
    usual = _usual(words(text), rows)
    if not usual:
        return {}
    # Words of one text are not independent: so many of them say as much as their root.
    said = len(usual) ** 0.5
    weights = {row.reference: sum(_weights(row, usual).values()) / said for row in rows}
    most = max(weights.values())
    raised = {name: math.exp(one - most) for name, one in weights.items()}
    whole = sum(raised.values())
    return {name: one / whole for name, one in raised.items()}


def telling_lines(text: str, reference: str, rows: tuple[Wording, ...]) -> tuple[int, ...]:
    """The numbers of the two lines that speak for a cause the most."""
    row = next((row for row in rows if row.reference == reference), None)
    weights = _weights(row, _usual(words(text), rows)) if row else {}
    weighed = [
        (sum(weights.get(word, 0.0) for word in frozenset(_of_line(line))), -number)
        for number, line in enumerate(text.split("\n"))
    ]
    return tuple(sorted(-number for weight, number in sorted(weighed)[-2:] if weight > 0))


def _usual(said: frozenset[str], rows: tuple[Wording, ...]) -> dict[str, float]:
    """The share of all reports that has each word, of the words that any report has."""
    reports = sum(row.reports for row in rows)
    counts = {word: sum(row.words.get(word, 0) for row in rows) for word in said}
    return {word: count / reports for word, count in counts.items() if count}


def _weights(row: Wording, usual: Mapping[str, float]) -> dict[str, float]:
    """How much oftener reports of one cause have each word than all reports, as a logarithm."""
    reports = row.reports + _DOUBT
    return {
        word: math.log((row.words.get(word, 0) + _DOUBT * share) / reports / share)
        for word, share in usual.items()
    }
