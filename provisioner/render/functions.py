"""Bash functions read from their files, so that a script holds those that it uses and no others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

_FUNCTION = re.compile(
    r"^(?P<text>(?:#.*\n)*(?P<name>\w+)\(\) \{(?:.*\}\n|\n(?:(?!\}\n).*\n)*\}\n))", re.MULTILINE
)
"""From the comment above it to the brace that closes it at the start of a line."""
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_WORD = re.compile(r"\w+")


class Function(msgspec.Struct, frozen=True):
    """A function of bash with the comment above it."""

    name: str
    text: str
    is_close: bool = False
    """Whether it stands right below the function before it, without a line between them."""

    @property
    def words(self) -> frozenset[str]:
        """Every word that could be the call of another function."""
        return words(self.text)


def functions(text: str) -> Iterator[Function]:
    """Yield the functions that stand in a file, in their order."""
    for found in _FUNCTION.finditer(text):
        is_close = text[: found.start()].endswith("}\n")
        yield Function(found["name"], found["text"], is_close)


def used(text: str, known: Iterable[Function]) -> tuple[Function, ...]:
    """Return those of the known functions that a text calls, and those that they call in turn."""
    by_name = {function.name: function for function in known}
    found: set[str] = set()
    new = {*words(text)} & by_name.keys()
    while new:
        found |= new
        new = {word for name in new for word in by_name[name].words & by_name.keys()} - found
    return tuple(function for name, function in by_name.items() if name in found)


def joined(found: Iterable[Function]) -> str:
    """Return functions as they stood in their file, with a line between those that had one."""
    text = ""
    for function in found:
        text += function.text if not text or function.is_close else f"\n{function.text}"
    return text


def words(text: str) -> frozenset[str]:
    """Return the words of a text that stand in no comment."""
    return frozenset(_WORD.findall(_COMMENT.sub("", text)))
