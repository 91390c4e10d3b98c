"""Which GPUs a shared library holds code for, read from its fat binaries.

nvcc wraps the code of all targets in fat binaries: a header with a magic number and the length,
then one entry a target, each with its kind (PTX or machine code), its length and its target.
The layout is the one that ``cuobjdump --list-elf --list-ptx`` of CUDA 8 to 13 shows for them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

import msgspec

_MAGIC = struct.pack("<I", 0xBA55ED50)
_HEADER = struct.Struct("<4xHHQ")
"""Version, header length, length of the entries."""
_ENTRY = struct.Struct("<HxxIQ12xI8xQ")
"""Kind, header length, length of the code, target, flags; the rest is not needed."""
_PTX, _ELF = 1, 2
_Entry = tuple[int, int, str]
"""Kind, target and suffix."""
_SUFFIXES = ((0x100000, "a"), (0x200000, "f"))
"""Flags of code for one capability or its family only: sm_90a, sm_100f. Seen by compiling one
kernel for each with the nvcc of CUDA 13.5 and comparing the headers."""


class Code(msgspec.Struct, frozen=True):
    """Targets as ``sm_86`` and ``compute_90``, lowest first."""

    sass: tuple[str, ...]
    ptx: tuple[str, ...]


def code_of(library: bytes) -> Code:
    """Every target that the fat binaries of a library name; empty where it holds none."""
    return code_in((library,), len(library))


def code_in(pieces: Iterable[bytes], size: int) -> Code:
    """``code_of`` of a library of ``size`` bytes that comes piece by piece; none is kept."""
    return _code(entry for entries in _fat_binaries(_Stream(pieces), size) for entry in entries)


def codes_in(pieces: Iterable[bytes], size: int) -> Iterator[Code]:
    """``code_in`` of each fat binary by itself: as a rule, of each source file."""
    yield from map(_code, _fat_binaries(_Stream(pieces), size))


def _code(entries: Iterable[_Entry]) -> Code:
    found = sorted(set(entries))
    return Code(
        sass=tuple(f"sm_{target}{suffix}" for kind, target, suffix in found if kind == _ELF),
        ptx=tuple(f"compute_{target}{suffix}" for kind, target, suffix in found if kind == _PTX),
    )


class _Stream:
    """A library, of which only what lies ahead is held."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._ahead = bytearray()
        self.at = 0

    def has(self, count: int) -> bool:
        """Whether so many bytes lie ahead."""
        while len(self._ahead) < count:
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._ahead += piece
        return True

    def skip_to(self, offset: int) -> None:
        """Go on to an offset, or to the end."""
        while self.at < offset and self.has(1):
            count = min(offset - self.at, len(self._ahead))
            del self._ahead[:count]
            self.at += count

    def find(self, text: bytes) -> bool:
        """Go on to where a text stands; False: there is none."""
        while self.has(len(text)):
            found = self._ahead.find(text)
            # What is cut off between two pieces is looked for again.
            self.skip_to(self.at + (found if found >= 0 else len(self._ahead) - len(text) + 1))
            if found >= 0:
                return True
        return False

    def unpack(self, form: struct.Struct) -> tuple[int, ...]:
        """What stands here, without going on."""
        return form.unpack_from(self._ahead)


def _fat_binaries(library: _Stream, size: int) -> Iterator[list[_Entry]]:
    """The entries of each fat binary."""
    while library.find(_MAGIC) and library.has(_HEADER.size):
        start = library.at
        _, header, length = library.unpack(_HEADER)
        end = start + header + length
        # The number can also stand in the middle of other data.
        if header != _HEADER.size or end > size:
            library.skip_to(start + len(_MAGIC))
            continue
        library.skip_to(start + header)
        yield list(_entries(library, end))
        library.skip_to(end)


def _entries(library: _Stream, end: int) -> Iterator[_Entry]:
    while library.at + _ENTRY.size <= end and library.has(_ENTRY.size):
        kind, header, length, target, flags = library.unpack(_ENTRY)
        if header < _ENTRY.size:
            return
        suffix = next((letter for flag, letter in _SUFFIXES if flags & flag), "")
        yield kind, target, suffix
        library.skip_to(min(end, library.at + header + length))
