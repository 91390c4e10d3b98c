"""Whether the files of a lock can be installed on a machine: their tags against its C library."""

from __future__ import annotations

import re

from provisioner.lock.pylock import Document
from provisioner.version import at_least, numbers

_LEGACY = {"manylinux1": "2.5", "manylinux2010": "2.12", "manylinux2014": "2.17"}
"""What PEP 600 says the older names mean."""


def needs_glibc(document: Document) -> tuple[str, str] | None:
    """The newest glibc that a package needs, and that package; None where none needs one."""
    found: list[tuple[str, str]] = []
    for package in document.packages:
        names = [file_name(file) for file in package.get("wheels", ())]
        floors = [floor for name in names if (floor := _floor(name)) is not None]
        if floors and len(floors) == len(names):  # else a wheel for any machine is there too
            found.append((min(floors, key=numbers), str(package["name"])))
    return max(found, key=lambda item: numbers(item[0]), default=None)


def reaches(libc: str, floor: str) -> bool:
    """Whether a machine's C library, ``glibc 2.35``, reaches a glibc."""
    kind, _, version = libc.partition(" ")
    return kind == "glibc" and at_least(version, floor)


def file_name(file: object) -> str:
    """The name of a file of a lock."""
    table = file if isinstance(file, dict) else {}
    return str(table.get("name") or table.get("url", "")).rpartition("/")[2]


def _floor(name: str) -> str | None:
    """The oldest glibc that one of a wheel's tags asks for; None where none does."""
    floors = []
    for tag in name.removesuffix(".whl").rpartition("-")[2].split("."):
        if found := re.match(r"manylinux_(\d+)_(\d+)_", tag):
            floors.append(f"{found[1]}.{found[2]}")
        elif (old := tag.partition("_")[0]) in _LEGACY:
            floors.append(_LEGACY[old])
    return min(floors, key=numbers, default=None)
