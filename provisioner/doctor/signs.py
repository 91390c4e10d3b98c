"""Signs: the words of programs and people that point at causes, looked for in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from provisioner.catalog.symptom_rows import Sign
from provisioner.doctor.symptoms import Symptoms

_ANYTHING = r"[^\n]{0,200}?"
_WILD = re.compile(r"([*#|])")


class Seen(NamedTuple):
    """A sign that is there, and the lines that show it."""

    sign: Sign
    lines: tuple[str, ...]


def seen(signs: tuple[Sign, ...], symptoms: Symptoms) -> Iterator[Seen]:
    """Yield the signs that a text shows, each with the lines of its first few places."""
    for sign in signs:
        text = _without(sign.innocent, symptoms.text)
        places = [at for words in sign.words if (at := _place(words, text)) is not None]
        if places:
            numbers = sorted({symptoms.text.count("\n", 0, at) for at in places})
            yield Seen(sign, tuple(symptoms.lines[number].strip() for number in numbers[:3]))


def _without(phrases: tuple[str, ...], text: str) -> str:
    """A text whose innocent phrases are blank; everything else stays where it is."""
    for phrase in phrases:
        text = text.replace(phrase, " " * len(phrase))
    return text


def _place(words: str, text: str) -> int | None:
    literal, pattern = _compiled(words)
    if literal not in text:
        return None
    match = pattern.search(text)
    return match.start() if match else None


@lru_cache(maxsize=4096)
def _compiled(words: str) -> tuple[str, re.Pattern[str]]:
    """The longest plain piece of some words, which is fast to look for, and the whole pattern.

    ``*`` is anything on the same line, ``#`` a number, ``|`` at the end the end of a word; words
    always start where a word starts.
    """
    literal = max(re.split(r"[*#|]", words), key=len)
    meant = {"*": _ANYTHING, "#": r"\d+", "|": r"(?![a-z0-9])", "": ""}
    pattern = "".join(meant.get(piece, re.escape(piece)) for piece in _WILD.split(words))
    start = r"(?<![a-z0-9])" if words[0].isalnum() else ""
    return literal, re.compile(start + pattern)
