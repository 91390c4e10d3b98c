"""Text of people's: how a file or standard input is read, and which encoding it is in."""

from __future__ import annotations

import codecs
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

STANDARD_INPUT = "-"
_MARKS = (
    # The mark of UTF-16 begins that of UTF-32: the longer ones first.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OF_A_SHELL = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")


class UnreadableError(Exception):
    """What somebody named cannot be read; its text says why."""


@contextmanager
def opened(name: str) -> Iterator[IO[bytes]]:
    """Open what somebody names, or standard input for ``-``, to be read.

    Raises UnreadableError for what is not there or may not be read, also where it shows only
    later, and for folders, devices and pipes, which may have no end; what a shell opens for
    ``<(command)`` is read.
    """
    try:
        if name == STANDARD_INPUT:
            yield sys.stdin.buffer
            return
        if not stat.S_ISREG(os.stat(name).st_mode) and not name.startswith(_OF_A_SHELL):
            raise UnreadableError("it is no file")
        with open(name, "rb") as file:
            yield file
    except (OSError, ValueError) as error:
        raise UnreadableError(getattr(error, "strerror", None) or str(error)) from error


def ends(stream: IO[bytes], half: int) -> tuple[bytes, bytes, int]:
    """The head and the tail of a stream, ``half`` bytes each, and how many lie between.

    Memory stays bounded, however long it is.
    """
    head = stream.read(half)
    tail, seen = b"", 0
    while piece := stream.read(half):
        tail = (tail + piece)[-half:]
        seen += len(piece)
    return head, tail, seen - len(tail)


def decoded(data: bytes, errors: str = "strict") -> str:
    """Return text in UTF-8, or in what its byte order mark says: PowerShell writes UTF-16.

    Lines end as they do on Linux. Raises UnicodeDecodeError, unless ``errors`` is ``replace``.
    """
    found = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8-sig")
    return data.decode(found, errors).replace("\r\n", "\n")


def mark_of(data: bytes) -> bytes:
    """The byte order mark that text begins with; empty where it has none."""
    return next((mark for mark, _ in _MARKS if data.startswith(mark)), b"")
