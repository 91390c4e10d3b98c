"""Which GPUs a shared library holds code for, read from its fat binaries.

nvcc wraps the code of all targets in fat binaries: a header with a magic number and the length,
then one entry a target, each with its kind (PTX or machine code), its length and its target.
The layout is the one that ``cuobjdump --list-elf --list-ptx`` of CUDA 8 to 13 shows for them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec

_MAGIC = struct.pack("<I", 0xBA55ED50)
_HEADER = struct.Struct("<4xHHQ")
"""Version, header length, length of the entries."""
_ENTRY = struct.Struct("<HxxIQ12xI8xQ")
"""Kind, header length, length of the code, target, flags; the rest is not needed."""
_PTX, _MACHINE_CODE = 1, 2
_SUFFIXES = ((0x100000, "a"), (0x200000, "f"))
"""Flags of code for one capability or its family only: sm_90a, sm_100f. Seen by compiling one
kernel for each with the nvcc of CUDA 13.5 and comparing the headers."""


class Code(msgspec.Struct, frozen=True):
    """Targets as ``sm_86`` and ``compute_90``, lowest first."""

    sass: tuple[str, ...]
    ptx: tuple[str, ...]


def code_of(library: bytes) -> Code:
    """Every target that the fat binaries of a library name; empty where it holds none."""
    kinds: dict[int, set[tuple[int, str]]] = {_PTX: set(), _MACHINE_CODE: set()}
    for entries in _fat_binaries(library):
        for kind, target, suffix in _targets(entries):
            kinds.get(kind, set()).add((target, suffix))
    return Code(
        sass=tuple(f"sm_{target}{suffix}" for target, suffix in sorted(kinds[_MACHINE_CODE])),
        ptx=tuple(f"compute_{target}{suffix}" for target, suffix in sorted(kinds[_PTX])),
    )


def _fat_binaries(library: bytes) -> Iterator[bytes]:
    at = library.find(_MAGIC)
    while at >= 0:
        following = at + len(_MAGIC)
        if at + _HEADER.size <= len(library):
            _, header, length = _HEADER.unpack_from(library, at)
            end = at + header + length
            # The number can also stand in the middle of other data.
            if header == _HEADER.size and end <= len(library):
                yield library[at + header : end]
                following = end
        at = library.find(_MAGIC, following)


def _targets(entries: bytes) -> Iterator[tuple[int, int, str]]:
    at = 0
    while at + _ENTRY.size <= len(entries):
        kind, header, length, target, flags = _ENTRY.unpack_from(entries, at)
        if header < _ENTRY.size:
            return
        suffix = next((letter for flag, letter in _SUFFIXES if flags & flag), "")
        yield kind, target, suffix
        at += header + length
