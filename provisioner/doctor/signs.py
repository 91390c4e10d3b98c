"""Signs: the words of programs and people that point at causes, looked for in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from provisioner.catalog.symptom_rows import Sign
from provisioner.doctor.symptoms import Symptoms

_WILD = re.compile(r"([#|])")
MOST_LINES = 200


class Seen(NamedTuple):
    """A sign that is there, and the lines that show it."""

    sign: Sign
    lines: tuple[str, ...]


def seen(signs: tuple[Sign, ...], symptoms: Symptoms) -> Iterator[Seen]:
    """Yield the signs that a text shows, each with the lines of its first few places."""
    for sign in signs:
        text = without(sign.innocent, symptoms.text)
        places = [at for words in sign.words if (at := place(words, text)) is not None]
        if places:
            numbers = sorted({symptoms.text.count("\n", 0, at) for at in places})
            yield Seen(sign, tuple(symptoms.lines[number].strip() for number in numbers[:3]))


def without(phrases: tuple[str, ...], text: str) -> str:
    """A text whose innocent phrases are blank; everything else stays where it is."""
    for phrase in phrases:
        text = text.replace(phrase, " " * len(phrase))
    return text


def place(words: str, text: str) -> int | None:
    """Where some words stand; of a text that is full of them, only so many lines are tried."""
    literal = _literal(words)
    at = text.find(literal)
    for _ in range(MOST_LINES):
        if at < 0:
            return None
        start = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        found = in_order(_pieces(words), text, start, end)
        if found is not None:
            return found
        at = text.find(literal, end)
    return None


def in_order(pieces: tuple[re.Pattern[str], ...], text: str, start: int, end: int) -> int | None:
    """Where the first piece stands, if the others follow it; each place is looked at once."""
    first: int | None = None
    for piece in pieces:
        match = piece.search(text, start, end)
        if match is None:
            return None
        first = match.start() if first is None else first
        start = match.end()
    return first


@lru_cache(maxsize=8192)
def _literal(words: str) -> str:
    """The longest plain piece of some words, which is fast to look for."""
    return max(re.split(r"[*#|]", words), key=len)


@lru_cache(maxsize=8192)
def _pieces(words: str) -> tuple[re.Pattern[str], ...]:
    """What finds the pieces of words in order, compiled only where the longest of them is there.

    ``*`` is anything on the same line, ``#`` a number, ``|`` the end of a word; words always start
    where a word starts.
    """
    meant = {"#": r"\d+", "|": r"(?![a-z0-9])"}
    pieces = [
        "".join(meant.get(part, re.escape(part)) for part in _WILD.split(piece))
        for piece in words.split("*")
        if piece
    ]
    if words[0].isalnum():
        pieces[0] = r"(?<![a-z0-9])" + pieces[0]
    return tuple(map(re.compile, pieces))
