"""The plain part of YAML: keys by indentation, lists of short texts, each with its line.

No library that dlsetup needs reads YAML, and what these files say of versions is written in this
part of it. Anchors, tags and long texts are passed over: of what is not understood nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from provisioner.check.readers.comments import without_comments

_KEY = re.compile(r"(?P<key>\"[^\"]*\"|'[^']*'|[^\s#:\[\]{},\"'][^#:]*?)\s*:(?:\s+(?P<rest>.*))?$")
_BLOCK = re.compile(r"[|>][+-]?\d*")

_DEEPEST = 20
"""Lists inside lists on one line."""
_WIDEST = 200
"""Columns that a line is indented by."""


class Entry(msgspec.Struct, frozen=True):
    """One value: the keys that lead to it, the text (empty for a key alone) and its line.

    An item of a list has the key ``-``.
    """

    path: tuple[str, ...]
    text: str
    line: int

    def below(self, *keys: str) -> bool:
        """Whether it stands below these keys; ``*`` is any one key."""
        return len(self.path) >= len(keys) and all(
            wanted in {"*", key} for wanted, key in zip(keys, self.path, strict=False)
        )


def entries(text: str) -> Iterator[Entry]:
    """Yield the values of a text in their order; long texts come line by line."""
    stack: list[tuple[int, str]] = []
    block: int | None = None
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.expandtabs()
        indent = len(line) - len(line.lstrip())
        if block is not None and (indent > block or not line.strip()):
            if line.strip():
                yield Entry((*(key for _, key in stack), "|"), line.strip(), number)
            continue
        block = None
        line = without_comments(line)
        if not line.strip() or line.strip() in {"---", "..."} or line.startswith("%"):
            continue
        if line.count("- ") > _DEEPEST or indent > _WIDEST:
            continue
        while line[indent:].startswith("- ") or line[indent:] == "-":
            # A list may begin where the key that it belongs to begins.
            stack = [
                (depth, key)
                for depth, key in stack
                if depth < indent or (depth == indent and key != "-")
            ]
            stack.append((indent, "-"))
            rest = line[indent + 1 :]
            indent += 1 + len(rest) - len(rest.lstrip())
            line = " " * indent + rest.strip()
        body = line.strip()
        match = _KEY.fullmatch(body)
        if match and not body.startswith(("[", "{")):
            stack = [(depth, key) for depth, key in stack if depth < indent]
            stack.append((indent, match["key"].strip("'\"")))
            rest = (match["rest"] or "").strip()
            block = indent if _BLOCK.fullmatch(rest) else None
            yield from _values(stack, "" if block is not None else rest, number)
        elif body:
            yield from _values(stack, body, number)


def _values(stack: list[tuple[int, str]], text: str, line: int) -> Iterator[Entry]:
    path = tuple(key for _, key in stack)
    if text.startswith("[") and text.endswith("]"):
        for item in _items(text[1:-1]):
            yield Entry((*path, "-"), item, line)
        return
    yield Entry(path, _plain(text), line)


def _items(text: str) -> list[str]:
    found = re.findall(r"\"[^\"]*\"|'[^']*'|[^,]+", text)
    return [item for piece in found if (item := _plain(piece.strip()))]


def _plain(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text
