"""Whether what is installed is what the lock lists: the Python, every package, every file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from provisioner.lock.pylock import Document
from provisioner.report import Check
from provisioner.request import canonical
from provisioner.verify.probes import Probe, Seen
from provisioner.version import minor

LISTING = Probe("python", "verify/installed.py")
_TOLD = 5


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """One installed package, as its own metadata says."""

    name: str
    version: str
    files: int
    """How many its record lists, without bytecode."""
    missing: tuple[str, ...]
    """The first few of those that are not there."""
    changed: tuple[str, ...]
    """The first few of those that were written since, and have another size than is recorded."""


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """What an interpreter says of itself."""

    python: str
    packages: tuple[Package, ...]
    markers: dict[str, str]
    """The values of PEP 508's environment markers."""


def listing(made_at: float | None) -> Probe:
    """The program that lists what is installed; ``made_at`` is when that was done, since 1970."""
    return msgspec.structs.replace(LISTING, words=() if made_at is None else (repr(made_at),))


def installed(seen: Seen) -> Installed | None:
    """What the listing says; None where it did not come to its end."""
    if seen.problem is not None:
        return None
    return msgspec.json.decode(seen.said, type=Installed)


def python_check(found: Installed, planned: str | None) -> Check:
    """Whether the interpreter is of the planned minor release."""
    if planned is None or minor(found.python) == planned:
        return Check("python", "pass", found.python)
    return Check("python", "fail", f"it is {found.python}; {planned} was planned")


def versions_check(found: Installed, lock: Document) -> Check:
    """Whether every package of the lock is there in exactly its version, and no other is."""
    wrong = tuple(_deviations(found, _wanted(lock, found.markers)))
    if wrong:
        return Check("versions", "fail", _list(wrong))
    return Check("versions", "pass", f"{len(found.packages)} packages, each as it is locked")


def files_check(found: Installed) -> Check:
    """Whether every file that a package brought is there; and, by its size, as it was."""
    wrong = [f"{one.name} lacks {_below(path)}" for one in found.packages for path in one.missing]
    wrong += [
        f"{one.name}: {_below(path)} was changed since it was installed"
        for one in found.packages
        for path in one.changed
    ]
    if wrong:
        return Check("files", "fail", _list(wrong))
    count = sum(one.files for one in found.packages)
    return Check("files", "pass", f"{count} files, each where it was installed")


def _wanted(lock: Document, markers: Mapping[str, str]) -> dict[str, str]:
    """The versions that the lock lists for an environment, by name; empty: whatever is there."""
    return {
        canonical(str(package["name"])): str(package.get("version", ""))
        for package in lock.packages
        if _applies(package, markers)
    }


def _applies(package: Mapping[str, Any], markers: Mapping[str, str]) -> bool:
    from packaging.markers import InvalidMarker, Marker

    try:
        text = package.get("marker")
        return not text or Marker(str(text)).evaluate(dict(markers))
    except InvalidMarker:
        return True


def _deviations(found: Installed, wanted: Mapping[str, str]) -> Iterator[str]:
    have = {canonical(one.name): one.version for one in found.packages}
    for name, version in wanted.items():
        if name not in have:
            yield f"{name} is not installed"
        elif version and not _same(have[name], version):
            yield f"{name} is {have[name]}; {version} is locked"
    yield from (f"{name} is not in the lock" for name in sorted(have.keys() - wanted.keys()))


def _same(one: str, other: str) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return one == other


def _below(path: str) -> str:
    """The end of a path that tells which file of a package it is."""
    _, _, inside = path.replace(os.sep, "/").rpartition("/site-packages/")
    return inside


def _list(wrong: Sequence[str]) -> str:
    more = len(wrong) - _TOLD
    return "; ".join([*wrong[:_TOLD], *([f"and {more} more"] if more > 0 else [])])
