"""Compiled extensions of torch, and whether it still has what they were built against.

Names alone are compared, as the loader would: nothing is loaded.
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_ELF = b"\x7fELF\x02\x01"
"""64 bits, the low byte first: every platform that torch is built for."""
_HEADER = struct.Struct("<16xHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_DYNAMIC_SYMBOLS = 11
_UNDEFINED, _GLOBAL = 0, 1
_TORCHS = re.compile(rb"_ZNK?3c10")
"""Of c10 are the checks and errors that every extension calls, and torch alone has it."""
_MOST_FILES = 40


class _Symbols(NamedTuple):
    """The table of a library that the loader reads: its entries, and the names they lead to."""

    entries: bytes
    names: bytes


def see(paths: tuple[str, ...], torch: str, libraries: str) -> Iterator[str]:
    """Say which extensions want what no library of torch has.

    ``paths`` are the extensions, ``torch`` the release, ``libraries`` the folder with its own.
    """
    wanted = {path: _wanted(Path(path)) for path in paths[:_MOST_FILES]}
    missing = frozenset().union(*wanted.values())
    for library in sorted(Path(libraries).glob("lib*.so*")) if missing else ():
        names = _symbols(library).names
        missing = frozenset(one for one in missing if b"\0" + one + b"\0" not in names)
        if not missing:
            return
    for path, names_of in wanted.items():
        for name in sorted(names_of & missing)[:1]:
            yield f"{path}: undefined symbol: {name.decode()} (torch {torch} has none of it)"


def _wanted(path: Path) -> frozenset[bytes]:
    """The names of c10 that an extension takes from elsewhere."""
    table = _symbols(path)
    found = set()
    for name, info, _, section, _, _ in _SYMBOL.iter_unpack(table.entries):
        if section == _UNDEFINED and info >> 4 == _GLOBAL:
            text = table.names[name : table.names.find(b"\0", name)]
            if _TORCHS.match(text):
                found.add(text)
    return frozenset(found)


def _symbols(path: Path) -> _Symbols:
    """The dynamic symbols of a library; none of what is no library, or a damaged one."""
    with (
        suppress(OSError, ValueError, struct.error),
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        return _read(data)
    return _Symbols(b"", b"")


def _read(data: mmap.mmap) -> _Symbols:
    if data[: len(_ELF)] != _ELF:
        return _Symbols(b"", b"")
    header = _HEADER.unpack_from(data, 0)
    start, size, count = header[5], header[10], header[11]
    sections = [_SECTION.unpack_from(data, start + number * size) for number in range(count)]
    for section in sections:
        if section[1] == _DYNAMIC_SYMBOLS and section[6] < count:
            entries = _part(data, section)
            whole = len(entries) - len(entries) % _SYMBOL.size
            return _Symbols(entries[:whole], _part(data, sections[section[6]]))
    return _Symbols(b"", b"")


def _part(data: mmap.mmap, section: tuple[int, ...]) -> bytes:
    return data[section[4] : section[4] + section[5]]
