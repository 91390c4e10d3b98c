"""Lists of requirements that name others, by ``-r`` and ``-c``: their lines, as pip joins them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator

import msgspec

from provisioner.check.readers.shell import is_known
from provisioner.check.said import Place, Unread
from provisioner.errors import UsageError

Opened = Callable[[str], str]
"""Gives the text of a file by its path. Raises UsageError."""
_COMMENT = re.compile(r"(^|\s)#.*$")
_INCLUDES = re.compile(
    r"(?P<option>-r|--requirements?|-c|--constraints?)(\s*=\s*|\s+|(?<=-[rc]))(?P<path>\S.*)"
)
_DEEPEST = 10
"""Files that name each other in a row."""
_MOST = 50
"""Files of one list."""
_REFERENCE = "file-not-followed"


class Line(msgspec.Struct, frozen=True):
    """One line of a list, with its continuations and without comments."""

    text: str
    at: Place
    binds: bool = False
    """It stands in a file of constraints: nothing is asked for by it."""


def lines(text: str, name: str, opened: Opened | None) -> Iterator[Line | Unread]:
    """Yield the lines of a list and of those that it names, where they are named.

    ``name`` is the list's own path, from whose folder others are looked for. Without ``opened``
    none is.
    """
    yield from _Reading(opened).of(text, name, Place(0, ""), ())


def included(line: str) -> tuple[str, bool] | None:
    """The file that a line names, and whether it is one of constraints; None for other lines."""
    match = _INCLUDES.fullmatch(line)
    if match is None:
        return None
    return match["path"].strip().strip("'\""), match["option"].lstrip("-").startswith("c")


def logical(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines by number, continuations joined, without comments; no empty ones."""
    held, start = "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        line = _COMMENT.sub("", raw).rstrip()
        start = start or number
        if line.endswith("\\"):
            held += line[:-1] + " "
            continue
        if joined := (held + line).strip():
            yield start, joined
        held, start = "", 0
    if held.strip():
        yield start, held.strip()


class _Reading:
    """One list being read; it counts what it opens."""

    def __init__(self, opened: Opened | None) -> None:
        self.opened = opened
        self.count = 0

    def of(
        self, text: str, name: str, origin: Place, above: tuple[str, ...], *, binds: bool = False
    ) -> Iterator[Line | Unread]:
        """The lines of one file; ``above`` are the files that lead to it."""
        for number, line in logical(text):
            at = Place(number, line, origin.file)
            named = included(line)
            if named is None:
                yield Line(line, at, binds)
                continue
            path, constrains = named
            yield from self._named(path, at, name, (*above, _path(name)), binds or constrains)

    def _named(
        self, path: str, at: Place, name: str, above: tuple[str, ...], binds: bool
    ) -> Iterator[Line | Unread]:
        whole = path if os.path.isabs(path) else os.path.join(os.path.dirname(name), path)
        if "://" in path or not is_known(path) or self.opened is None:
            yield _unread(at, f"What {path} asks for is not known: it is not read from here.")
        elif _path(whole) in above:
            yield _unread(at, f"{path} names itself, by way of what it names.", stops=True)
        elif len(above) >= _DEEPEST or self.count >= _MOST:
            yield _unread(at, f"{path} is not read: too many files name each other.")
        else:
            self.count += 1
            try:
                text = self.opened(whole)
            except UsageError as error:
                reason = error.context[0] if error.context else error.message
                yield _unread(at, f"{path} cannot be read: {reason}.", stops=True)
                return
            shown = Place(0, "", os.path.normpath(whole))
            yield from self.of(text, whole, shown, above, binds=binds)


def _path(name: str) -> str:
    return os.path.normpath(name)


def _unread(at: Place, reason: str, *, stops: bool = False) -> Unread:
    return Unread(at=at, reference=_REFERENCE, reason=reason, stops=stops)
