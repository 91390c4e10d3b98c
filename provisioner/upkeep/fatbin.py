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
_ENTRY = struct.Struct("<HxxIQ12xI")
"""Kind, header length, length of the code, target; the rest of the header is not needed."""
_PTX, _MACHINE_CODE = 1, 2


class Code(msgspec.Struct, frozen=True):
    """Targets as ``sm_86`` and ``compute_90``, lowest first."""

    sass: tuple[str, ...]
    ptx: tuple[str, ...]


def code_of(library: bytes) -> Code:
    """Every target that the fat binaries of a library name; empty where it holds none."""
    kinds: dict[int, set[int]] = {_PTX: set(), _MACHINE_CODE: set()}
    for entries in _fat_binaries(library):
        for kind, target in _targets(entries):
            kinds.get(kind, set()).add(target)
    return Code(
        sass=tuple(f"sm_{target}" for target in sorted(kinds[_MACHINE_CODE])),
        ptx=tuple(f"compute_{target}" for target in sorted(kinds[_PTX])),
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


def _targets(entries: bytes) -> Iterator[tuple[int, int]]:
    at = 0
    while at + _ENTRY.size <= len(entries):
        kind, header, length, target = _ENTRY.unpack_from(entries, at)
        if header < _ENTRY.size:
            return
        yield kind, target
        at += header + length
