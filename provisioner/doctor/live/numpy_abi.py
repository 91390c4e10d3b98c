"""Compiled packages beside a NumPy that they were not built for, told by the words they hold.

NumPy's headers put the error that an import would end with into every module that is compiled with
them, and those of NumPy 2 say it otherwise. Nothing is loaded.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from provisioner.doctor.live.environment import Package

_NUMPY, _FIRST_OF_TODAY = "numpy", 2
_OF_1 = b"module compiled against API version 0x%"
_OF_2 = b"module was compiled against NumPy C-API version 0x%"
_LARGEST = 128 * 1024 * 1024


def see(packages: Mapping[str, Package]) -> Iterator[str]:
    """Say in one line which packages were compiled for NumPy 1 where NumPy 2 is imported."""
    there = packages.get(_NUMPY)
    major = there.version.partition(".")[0] if there else ""
    if there is None or not major.isdigit() or int(major) < _FIRST_OF_TODAY:
        return
    found = [(one, path) for one in packages.values() if (path := _of_numpy_1(one.compiled))]
    if found:
        names = ", ".join(f"{one.name} {one.version}" for one, _ in found)
        yield f"compiled for NumPy 1, and numpy {there.version} is here: {names} ({found[0][1]})"


def _of_numpy_1(paths: tuple[str, ...]) -> str:
    """The first file that was compiled with headers of NumPy 1; empty where one has NumPy 2's."""
    for path in paths:
        of_1, of_2 = _words_of(Path(path))
        if of_2:
            return ""
        if of_1:
            return path
    return ""


def _words_of(path: Path) -> tuple[bool, bool]:
    with (
        suppress(OSError, ValueError),
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        if len(data) <= _LARGEST:
            return data.find(_OF_1) >= 0, data.find(_OF_2) >= 0
    return False, False
