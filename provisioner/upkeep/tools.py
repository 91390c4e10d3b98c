"""The programs that rendered texts fetch: their newest admitted release, with its hashes."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from provisioner.catalog.rows import Tool
from provisioner.catalog.sheets import natural
from provisioner.errors import OutsideError
from provisioner.upkeep.package_index import PackageIndex
from provisioner.upkeep.releases import parts_of
from provisioner.version import is_dotted

_PLATFORM = re.compile(r"manylinux.*_(x86_64|aarch64)$")
"""Systems with glibc: no plan is made for another libc."""


def refreshed(index: PackageIndex, known: Iterable[Tool], day: str) -> list[Tool]:
    """Every tool as it should be; one that has not changed keeps its day."""
    found = []
    for row in known:
        fresh = _newest(index, row, day)
        same = msgspec.structs.replace(row, checked=day) == fresh
        found.append(row if same else fresh)
    return found


def _newest(index: PackageIndex, row: Tool, day: str) -> Tool:
    from packaging.specifiers import SpecifierSet

    admitted = SpecifierSet(row.specifier)
    releases: dict[str, set[str]] = {}
    for file in index.files(row.name):
        parts = parts_of(file.name)
        if not parts or not is_dotted(parts[1]) or not file.sha256 or file.yanked:
            continue
        if parts[1] in admitted and _PLATFORM.search(parts[-1]):
            releases.setdefault(parts[1], set()).add(f"sha256:{file.sha256}")
    if not releases:
        raise OutsideError("not-on-index", f"The package index has no {row.name} {row.specifier}.")
    newest = max(releases, key=natural)
    return msgspec.structs.replace(
        row,
        version=newest,
        hashes=tuple(sorted(releases[newest])),
        evidence=f"package index: hashes of the manylinux wheels of {row.name} {newest}",
        checked=day,
    )
