"""Whether the files of a lock can be installed on a machine: their tags against its C library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.lock.pylock import Document
from provisioner.version import at_least, glibc_of, numbers


def needs_glibc(document: Document) -> tuple[str, str] | None:
    """The newest glibc that a package needs, and that package; None where none needs one."""
    found: list[tuple[str, str]] = []
    for package in document.packages:
        names = [_file_name(file) for file in package.get("wheels", ())]
        floors = [floor for name in names if (floor := glibc_of(name)) is not None]
        if floors and len(floors) == len(names):  # else a wheel for any machine is there too
            found.append((min(floors, key=numbers), str(package["name"])))
    return max(found, key=lambda item: numbers(item[0]), default=None)


def reaches(libc: str, floor: str) -> bool:
    """Whether a machine's C library, ``glibc 2.35``, reaches a glibc."""
    kind, _, version = libc.partition(" ")
    return kind == "glibc" and at_least(version, floor)


def _file_name(file: Mapping[str, Any]) -> str:
    return str(file.get("name") or file.get("url", "")).rpartition("/")[2]
