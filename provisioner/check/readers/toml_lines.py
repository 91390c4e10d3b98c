"""Where in a TOML text something stands: parsers of TOML give values without their lines."""

from __future__ import annotations

import re

from provisioner.check.said import Place, Unread

_AT = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")
_HEADER = re.compile(r"\s*\[\[?([^\[\]]+)\]\]?\s*(?:#.*)?")
_KEY = re.compile(
    r"\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*="
)
_PIECE = re.compile(r"\"([^\"]*)\"|'([^']*)'|([\w-]+)")

Keys = tuple[str, ...]


def unread(text: str, error: Exception) -> Unread:
    """A text that is no TOML, with the line at which its parser stopped."""
    lines = text.splitlines()
    match = _AT.search(str(error))
    number = int(match[1]) if match and match[1] else len(lines)
    told = _AT.sub("", str(error)).rstrip(".") or "it is nested too deep"
    words = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    return Unread(
        at=Place(number, words[:100]),
        reference="file-not-parsed",
        reason=f"This is no TOML: {told}. Whatever else reads it stops here too.",
        stops=True,
    )


def lines_of(text: str) -> dict[Keys, tuple[int, str]]:
    """Number and words of each line that begins a key, by the tables that lead to it.

    The second of two tables of one name (``[[…]]``) is left out.
    """
    table: Keys = ()
    found: dict[Keys, tuple[int, str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.fullmatch(line):
            table = _pieces(header[1])
            found.setdefault(table, (number, line.strip()))
        elif key := _KEY.match(line):
            found.setdefault((*table, *_pieces(key[1])), (number, line.strip()))
    return found


def _pieces(text: str) -> Keys:
    return tuple(match[1] or match[2] or match[3] or "" for match in _PIECE.finditer(text))
