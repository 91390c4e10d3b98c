"""The tar of a bundle: written the same each time, and read without believing it.

Only plain files are written, and nothing else is read: no folder, no link, no device, no header
that could change what the next one says but for GNU's long name.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from typing import IO

import msgspec

_BLOCK = 512
_MOST_MEMBERS = 20_000
_LONGEST_NAME = 1024
_CHUNK = 1024 * 1024
_READ, _RUN = 0o644, 0o755


class Member(msgspec.Struct, frozen=True):
    """One file inside: where its bytes begin, and how many they are."""

    offset: int
    size: int


class Writer:
    """A tar that is written in the order of its calls; every method raises OSError."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._sum = hashlib.sha256()
        self.size = 0
        """Bytes so far."""

    @property
    def sha256(self) -> str:
        """The digest of what was written so far."""
        return self._sum.hexdigest()

    def add(self, name: str, size: int, source: IO[bytes], *, executable: bool = False) -> None:
        """Put a file of that size at the end."""
        about = tarfile.TarInfo(name)  # owner and time are zero by default
        about.size = size
        about.mode = _RUN if executable else _READ
        self._put(about.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict"))
        left = size
        while left:
            chunk = source.read(min(_CHUNK, left))
            if not chunk:
                raise OSError(None, f"{name} became shorter while it was read")
            self._put(chunk)
            left -= len(chunk)
        self._put(bytes(-size % _BLOCK))

    def text(self, name: str, data: bytes, *, executable: bool = False) -> None:
        """Put a file of those bytes at the end."""
        self.add(name, len(data), io.BytesIO(data), executable=executable)

    def end(self) -> None:
        """Write what tells a reader that nothing follows."""
        self._put(bytes(2 * _BLOCK))

    def _put(self, data: bytes) -> None:
        self._stream.write(data)
        self._sum.update(data)
        self.size += len(data)


def members(stream: IO[bytes]) -> dict[str, Member]:
    """Return the files of a tar by their names, without reading what is in them.

    Raises ValueError with the reason for anything else than plain files under names of their own,
    and for a tar that ends too early. Raises OSError.
    """
    length = stream.seek(0, io.SEEK_END)
    found: dict[str, Member] = {}
    for name, member in _headers(stream, length):
        if name in found:
            raise ValueError(f"it holds {name[:80]!r} twice")
        if len(found) == _MOST_MEMBERS:
            raise ValueError(f"it holds more than {_MOST_MEMBERS} files")
        found[name] = member
    return found


def _headers(stream: IO[bytes], length: int) -> Iterator[tuple[str, Member]]:
    place, long_name = 0, ""
    while True:
        about = _header(stream, place)
        if about is None:
            return
        place += _BLOCK
        if not 0 <= about.size <= length - place:
            raise ValueError("it breaks off, or a size in it is wrong")
        if about.type == tarfile.GNUTYPE_LONGNAME and not long_name:
            long_name = _long_name(stream, place, about.size)
        elif about.type == tarfile.REGTYPE:
            yield long_name or about.name, Member(place, about.size)
            long_name = ""
        else:
            raise ValueError(f"{about.name[:80]!r} is no plain file")
        place += about.size + -about.size % _BLOCK


def _header(stream: IO[bytes], place: int) -> tarfile.TarInfo | None:
    """The header at a place; None where the tar ends."""
    stream.seek(place)
    block = stream.read(_BLOCK)
    if block == bytes(_BLOCK):
        return None
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError):
        reason = "it breaks off" if place else "it is no tar file"
        raise ValueError(reason) from None


def _long_name(stream: IO[bytes], place: int, size: int) -> str:
    stream.seek(place)
    if size > _LONGEST_NAME:
        raise ValueError("it holds a name that is too long")
    try:
        return stream.read(size).rstrip(b"\0").decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("it holds a name that is no text") from None


def content(stream: IO[bytes], member: Member) -> Iterator[bytes]:
    """Give what a member holds, in pieces. Raises OSError, and ValueError where it breaks off."""
    place, end = member.offset, member.offset + member.size
    while place < end:
        stream.seek(place)
        chunk = stream.read(min(_CHUNK, end - place))
        if not chunk:
            raise ValueError("it breaks off")
        place += len(chunk)
        yield chunk
