"""The bytes of a report, from a file or a pipe: of a long one its ends, and what failed between."""

from __future__ import annotations

import re
from typing import NamedTuple, Protocol

from provisioner.errors import UsageError
from provisioner.text_file import STANDARD_INPUT, UnreadableError, decoded, mark_of, opened

_HALF = 900_000
"""Bytes that are read of each end of a longer report."""
_PIECE = 1_000_000
_MOST = 128_000_000
"""Bytes after which nothing more is waited for: the rest of something endless says no more."""
_MIDDLE = 190_000
"""Bytes of lines that are kept from between the ends."""
_LONGEST = 500
"""Bytes of such a line on either side of the word that tells of something that fails."""
_FAILS = re.compile(
    rb"[Ee]rror|ERROR|[Ff]ail|FAIL|Traceback|[Cc]annot|[Cc]ould not|[Uu]nable|not found|NVRM"
    rb"|denied|[Kk]illed|[Oo]ut of memory|not (?:supported|compatible)|mismatch|[Ii]llegal"
)
_WIDE_SHARE = 3
"""Text of which one byte in so many is 0 has two bytes for a letter."""


class Stream(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """At most so many of the next bytes; none at the end."""


class Ends(NamedTuple):
    """A stream of which the memory is bounded."""

    head: bytes
    middle: bytes
    """The lines between that tell of something that fails, each once, as far as there is room."""
    tail: bytes
    left_out: int
    """Bytes between that were not kept as one of the ends."""


def pasted(name: str) -> tuple[str, int]:
    """Return the text of a report and how many bytes of its middle are left out.

    Raises UsageError ``bad-report`` for what cannot be read.
    """
    try:
        with opened(name) as stream:
            return _text(ends(stream))
    except UnreadableError as error:
        called = {"": "A file without a name", STANDARD_INPUT: "Standard input"}.get(name, name)
        raise bad_report(called, str(error)) from error


def ends(stream: Stream) -> Ends:
    """The head, the tail, and what fails between; neither memory nor time grows without bound."""
    head = stream.read(_HALF)
    middle: dict[bytes, None] = {}
    tail, rest, seen, kept = b"", b"", 0, 0
    while seen < _MOST and (piece := stream.read(_PIECE)):
        seen += len(piece)
        whole = tail + piece
        tail = whole[-_HALF:]
        between = rest + whole[:-_HALF]
        for line in _failing(between) if kept < _MIDDLE else ():
            kept += len(line) + 1
            if kept > _MIDDLE:
                break
            middle[line] = None
        rest = between[between.rfind(b"\n") + 1 :][-2 * _LONGEST :]
    return Ends(head, b"\n".join(middle), tail, seen - len(tail))


def _failing(data: bytes) -> list[bytes]:
    """The lines with words of failure, as far as there can be room for them."""
    found: list[bytes] = []
    at, kept = 0, 0
    while kept < _MIDDLE and (match := _FAILS.search(data, at)):
        start = max(data.rfind(b"\n", 0, match.start()) + 1, match.start() - _LONGEST)
        end = data.find(b"\n", match.end())
        end = min(len(data) if end < 0 else end, match.end() + _LONGEST)
        found.append(data[start:end])
        at, kept = end, kept + end - start
    return found


def _text(found: Ends) -> tuple[str, int]:
    if not found.left_out:
        return _decoded(found.head + found.tail, found.head), 0
    parts = (found.head, found.middle, mark_of(found.head) + found.tail)
    return "\n".join(_decoded(part, found.head) for part in parts), found.left_out


def _decoded(data: bytes, head: bytes) -> str:
    """Text in what its mark says, or in UTF-16 where every other byte of the head is 0."""
    sample = head[:4096]
    low, high = sample[0::2].count(0), sample[1::2].count(0)
    is_wide = (low + high) * _WIDE_SHARE > len(sample)
    if not mark_of(head) and is_wide and min(low, high) * _WIDE_SHARE < max(low, high):
        return data.decode("utf-16-le" if high > low else "utf-16-be", "replace")
    return decoded(data, "replace")


def bad_report(name: str, reason: str) -> UsageError:
    """What is raised of a report that cannot be read."""
    return UsageError(
        "bad-report",
        f"{name} cannot be read.",
        context=(reason,),
        hint="Give a file with what the programs printed, or - and paste it.",
    )
