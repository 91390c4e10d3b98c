"""A wheel opened where it lies: its members, and no more of it than is asked for."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import HeaderParser
from typing import TYPE_CHECKING

from provisioner.errors import OutsideError
from provisioner.upkeep.remote_file import RemoteFile

if TYPE_CHECKING:
    from provisioner.download import Web
    from provisioner.upkeep.package_index import IndexFile

READ_BYTES = 4_000_000
"""What reading one wheel may cost; its directory alone can be a third of that."""
_METADATA_BYTES = 64 * 1024
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_LOCAL_MAGIC = b"PK\x03\x04"
_SLACK_BYTES = 256
"""A member's own header holds its name and some extra fields; this is room for the latter."""
_UNPACKED_BYTES = 256 * 1024 * 1024
"""What a member may unpack to: a few bytes can be made to hold gigabytes."""
_STREAMED_BYTES = 4 * 1024 * 1024 * 1024
"""The same for one that is read through and not kept."""
_SLICE_BYTES, _INFLATED_BYTES = 1024 * 1024, 16 * 1024 * 1024
"""How much of such a member is unpacked at once, and to how much at most."""
_INTACT = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    RuntimeError,  # it is encrypted, or compressed in a way that is not known here
    ValueError,
    OSError,
    MemoryError,
)
"""What reading a damaged zip file can raise."""


class Wheel:
    """The members of one wheel.

    Every method raises OutsideError ``bad-wheel`` for a wheel that is damaged, and
    ``too-much-to-read`` where a member would cost more than the wheel may.
    """

    def __init__(self, name: str, remote: RemoteFile, archive: zipfile.ZipFile) -> None:
        self.name = name
        self._remote, self._archive = remote, archive
        self.members = tuple(archive.namelist())

    @property
    def size(self) -> int:
        """The wheel's size in bytes."""
        return self._remote.size

    @property
    def unpacked_size(self) -> int:
        """The bytes of all its members, as its directory states them."""
        return sum(info.file_size for info in self._archive.infolist())

    def length(self, member: str) -> int:
        """The bytes that a member unpacks to, as the directory states them."""
        return self._archive.getinfo(member).file_size

    def read(self, member: str) -> bytes:
        """A whole member, held against its checksum."""
        info = self._archive.getinfo(member)
        with _told_as_damage(self.name):
            self._remote.prefetch(*self._span(info))
            if info.file_size > _UNPACKED_BYTES:
                raise _too_large(self.name)
            with self._archive.open(info) as stream:
                # One more than there should be: what is longer than it says fails its checksum.
                return stream.read(info.file_size + 1)

    def program(self, member: str) -> bytes:
        """A member that is going to be run: of a wheel that is, to the byte, the listed one."""
        self._remote.verify()
        return self.read(member)

    def text(self, member: str) -> str:
        """A member as text; what is no UTF-8 in it is replaced."""
        return self.read(member).decode(errors="replace")

    def head_room(self) -> int:
        """How many bytes can still be afforded; 0: what else there is stays unseen."""
        # METADATA is still to be read where the directory was too long for the first look.
        return max(0, self._remote.limit - self._remote.fetched - _METADATA_BYTES)

    def affords(self, member: str) -> bool:
        """Whether all of a member can still be read."""
        info = self._archive.getinfo(member)
        return self._remote.missing(*self._span(info)) <= self.head_room()

    def pieces(self, member: str) -> Iterator[bytes]:
        """A whole member piece by piece, held against its checksum when all of it was given.

        For what is too large to be kept: none of it is.
        """
        info = self._archive.getinfo(member)
        if info.compress_type not in _INTACT:
            yield self.read(member)
            return
        if info.file_size > _STREAMED_BYTES:
            raise _too_large(self.name)
        length, checksum = 0, 0
        with _told_as_damage(self.name):
            for piece in self._unpacked(info):
                length, checksum = length + len(piece), zlib.crc32(piece, checksum)
                if length > info.file_size:
                    break
                yield piece
            if (length, checksum) != (info.file_size, info.CRC):
                raise zipfile.BadZipFile(f"{member!r} is not what its checksum says")

    def _unpacked(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        start = self._start(info)
        packed = self._remote.pieces(start, start + info.compress_size)
        if info.compress_type == zipfile.ZIP_STORED:
            yield from packed
            return
        unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
        for piece in packed:
            for at in range(0, len(piece), _SLICE_BYTES):
                left = piece[at : at + _SLICE_BYTES]
                while left:
                    yield unpacking.decompress(left, _INFLATED_BYTES)
                    left = unpacking.unconsumed_tail
        yield unpacking.flush()

    def head(self, member: str, most: int | None = None) -> tuple[bytes, bool]:
        """As much of a member's beginning as can still be afforded, and whether that is all.

        ``most`` is the number of compressed bytes that are enough.
        """
        info = self._archive.getinfo(member)
        left = min(most or self.head_room(), self.head_room())
        start, end = self._span(info)
        if self._remote.missing(start, end) <= left or info.compress_type not in _INTACT:
            return self.read(member), True
        room = end - start - info.compress_size
        if left <= room:
            raise _too_large(self.name)
        with _told_as_damage(self.name):
            self._remote.prefetch(start, start + left)
            packed = self._exactly(start + left - self._start(info))
            if info.compress_type == zipfile.ZIP_STORED:
                return packed, False
            unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
            return unpacking.decompress(packed, _UNPACKED_BYTES), False

    def _span(self, info: zipfile.ZipInfo) -> tuple[int, int]:
        """Where a member lies, with its own header."""
        room = _LOCAL_HEADER.size + 2 * len(info.filename.encode()) + _SLACK_BYTES
        return info.header_offset, info.header_offset + room + info.compress_size

    def _start(self, info: zipfile.ZipInfo) -> int:
        """Where a member's data begin, and go there."""
        self._remote.seek(info.header_offset)
        magic, name, extra = _LOCAL_HEADER.unpack(self._exactly(_LOCAL_HEADER.size))
        if magic != _LOCAL_MAGIC:
            raise zipfile.BadZipFile
        return self._remote.seek(info.header_offset + _LOCAL_HEADER.size + name + extra)

    def _exactly(self, count: int) -> bytes:
        found = bytearray()
        while len(found) < count and (piece := self._remote.read(count - len(found))):
            found += piece
        return bytes(found)

    def metadata(self) -> dict[str, list[str]]:
        """METADATA's fields, lower case, each with all its values."""
        own = [name for name in self.members if name.endswith(".dist-info/METADATA")]
        if len(own) != 1:
            raise _damaged(self.name, f"{len(own)} members called METADATA")
        fields: dict[str, list[str]] = {}
        for key, value in HeaderParser().parsestr(self.text(own[0])).items():
            fields.setdefault(key.lower(), []).append(" ".join(value.split()))
        return fields


@contextmanager
def opened(web: Web, file: IndexFile, limit: int = READ_BYTES) -> Iterator[Wheel]:
    """A wheel of the index, opened where it lies; ``limit`` is what reading it may cost."""
    remote = RemoteFile(web, file.url, limit=limit, sha256=file.sha256)
    with _told_as_damage(file.name):
        archive = zipfile.ZipFile(remote)
    with archive:
        yield Wheel(file.name, remote, archive)


@contextmanager
def _told_as_damage(name: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise _damaged(name, f"{type(error).__name__}: {error}") from None


def _too_large(name: str) -> OutsideError:
    return OutsideError("too-much-to-read", f"{name} holds more than reading it may cost.")


def _damaged(name: str, reason: str) -> OutsideError:
    return OutsideError("bad-wheel", f"{name} is damaged.", context=(reason,))
