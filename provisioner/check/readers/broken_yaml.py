"""What is surely no YAML, by line: tabs, brackets and quotes that stay open, lines out of place.

It is no parser: what it says nothing of may still be broken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.check.readers.comments import without_comments
from provisioner.check.said import Place, Unread

REFERENCE = "file-not-parsed"
_KEY = re.compile(r"(?:\"[^\"]*\"\s*|'[^']*'\s*|[^\s#\[\]{},\"'&*!|>%@`-].*?|-\S.*?):(\s+|$)")
_TEMPLATE = ("{%", "{{")
_CLOSES = {"[": "]", "{": "}", '"': '"', "'": "'"}
_NOT_JUDGED = ("---", "...", "?", "%")
"""Further documents, directives, and keys that are more than a text: nobody writes them here."""
_NOWHERE = 1_000_000
"""A column that no line begins at."""

_Opened = tuple[int, str, str]
"""The line that opens something, its words, and what it opens."""


def unread(text: str, reader: str = "conda") -> Iterator[Unread]:
    """Yield the first line at which every reader of YAML stops, if one is found."""
    found = None if any(mark in text for mark in _TEMPLATE) else _first(text)
    if found is not None:
        line, words, reason = found
        reason = f"This is no YAML: {reason}. {reader} stops here too."
        yield Unread(at=Place(line, words), reference=REFERENCE, reason=reason, stops=True)


def _first(text: str) -> tuple[int, str, str] | None:
    levels: list[int] = []
    inside = _NOWHERE
    opened: _Opened | None = None
    for number, raw in enumerate(text.splitlines(), start=1):
        indent = len(raw) - len(raw.lstrip(" "))
        body = without_comments(raw).strip()
        if opened is not None:
            opened = _still_open(opened, raw)
        # A text goes on as far as lines stand further in.
        elif indent <= inside and body and not (body == "---" and not levels):
            if body.startswith(_NOT_JUDGED):
                return None
            columns, value = _parted(body, indent)
            if reason := _wrong(levels, columns, raw, body):
                return number, body, reason
            opened = (number, body, value[0]) if columns and value[:1] in _CLOSES else None
            opened = opened and _still_open(opened, value[1:])
            # What goes on without a key is not followed.
            inside = -1 if not columns else _NOWHERE if opened or not value else columns[-1]
    return (*opened[:2], f"what {opened[2]} opens is never closed") if opened else None


def _wrong(levels: list[int], columns: list[int], raw: str, body: str) -> str | None:
    """Why a line cannot stand where it does."""
    if "\t" in raw[: len(raw) - len(raw.lstrip())]:
        return "a tab stands where blanks indent"
    if not columns:
        bare = not raw[0].isspace() and body[0] not in "\"'[{]}&*!|>"
        return "neither a key with its colon nor an item of a list" if bare else None
    fits = _fits(levels, columns)
    return None if fits else "it begins at a column where nothing else does"


def _parted(body: str, indent: int) -> tuple[list[int], str]:
    """The columns of a line's dashes and of its key, and the value behind them."""
    columns: list[int] = []
    rest, column = body, indent
    while rest.startswith("- ") or rest == "-":
        columns.append(column)
        inner = rest[1:].lstrip()
        column += len(rest) - len(inner)
        rest = inner
    match = _KEY.match(rest)
    if match:
        columns.append(column)
        rest = rest[match.end() :]
    return columns, rest


def _fits(levels: list[int], columns: list[int]) -> bool:
    """Whether a line begins where another one of its level does, or further in."""
    while levels and levels[-1] > columns[0]:
        levels.pop()
        if levels and levels[-1] < columns[0]:
            return False
    levels += [column for column in columns if not levels or column > levels[-1]]
    return True


def _still_open(opened: _Opened, text: str) -> _Opened | None:
    """The same where a text does not close it; a text with both kinds of quotes may well do."""
    mark = opened[2]
    return None if _CLOSES[mark] in text else opened
