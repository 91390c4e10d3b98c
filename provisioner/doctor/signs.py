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
        places = [at for words in sign.words if (at := _place(words, symptoms.text)) is not None]
        if places:
            numbers = sorted({symptoms.text.count("\n", 0, at) for at in places})
            yield Seen(sign, tuple(symptoms.lines[number].strip() for number in numbers[:3]))


def _place(words: str, text: str) -> int | None:
    # Most words are not there: their patterns are never compiled, which is what takes time.
    if _literal(words) not in text:
        return None
    match = _pattern(words).search(text)
    return match.start() if match else None


def _literal(words: str) -> str:
    """The longest plain piece of some words, which is fast to look for."""
    return max(re.split(r"[*#|]", words), key=len)


@lru_cache(maxsize=4096)
def _pattern(words: str) -> re.Pattern[str]:
    """What finds the words: ``*`` is anything on the same line, ``#`` a number.

    ``|`` at the end is the end of a word; words always start where a word starts.
    """
    meant = {"*": _ANYTHING, "#": r"\d+", "|": r"(?![a-z0-9])", "": ""}
    pattern = "".join(meant.get(piece, re.escape(piece)) for piece in _WILD.split(words))
    start = r"(?<![a-z0-9])" if words[0].isalnum() else ""
    return re.compile(start + pattern)
