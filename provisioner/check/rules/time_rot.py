"""Old releases that a plain install breaks today: the caps that they need."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.catalog.find import caps_on
from provisioner.catalog.rows import Cap
from provisioner.check import choice
from provisioner.check.flaw import Flaw, softened
from provisioner.check.ground import Ground
from provisioner.check.said import Package
from provisioner.request import admits, parse_wish
from provisioner.version import numbers

_ON_PYTHON = re.compile(r"on Python (\d+\.\d+)")
_INSTALLED = "installed:"
"""Evidence of a cap that was found by installing without it."""


def flaws(ground: Ground) -> Iterator[Flaw]:
    """Yield caps that a pinned release needs and that are not there."""
    packages = list(ground.part.packages())
    for package in packages:
        if package.manager != "pip" or package.name not in ground.catalog.frameworks:
            continue
        found = choice.taken(ground, package)
        if not found.builds or not package.specifier:
            continue
        beside = [one for one in packages if one.where == package.where]
        row = found.builds[0]
        missing = [
            cap
            for cap in caps_on(ground.catalog.caps, row.framework, row.version)
            if not _is_held(cap, beside)
        ]
        if missing:
            flaw = _told(package, row.version, missing, beside)
            older = not _tried_on(ground, package.where, missing)
            yield softened(flaw, conditional=package.conditional or older)


def _tried_on(ground: Ground, where: str, missing: list[Cap]) -> bool:
    """Whether a cap was found on a Python as old as the file's, or that one is not known.

    What broke a release may have no wheel for an older Python, which then needs no cap.
    """
    fits = ground.pythons(where)
    tried = [python for cap in missing for python in _ON_PYTHON.findall(cap.evidence)]
    if fits is None or not tried:
        return True
    oldest = min(map(numbers, tried))
    return any(
        fits(row.version) and numbers(row.version) >= oldest for row in ground.catalog.pythons
    )


def _is_held(cap: Cap, beside: list[Package]) -> bool:
    """Whether a range beside it leaves nothing that the cap keeps out."""
    wanted = parse_wish(cap.requirement)
    for one in beside:
        if one.name == wanted.name and one.specifier:
            return _holds(one.specifier, wanted.specifier)
    return False


def _holds(specifier: str, cap: str) -> bool:
    """Whether the end of the cap, and what comes long after it, is out of a range.

    A cap is one upper bound: a range that ends before it, or at it, keeps it.
    """
    from packaging.specifiers import SpecifierSet

    for bound in SpecifierSet(specifier):
        version = bound.version.removesuffix(".*")
        if bound.operator in {"==", "==="}:
            return admits(cap, version)
        if bound.operator in {"<", "<="}:
            below = [item.version for item in SpecifierSet(cap)]
            same = bound.operator == "<" and version in below
            if same or admits(cap, version):
                return True
        if bound.operator == "~=" and admits(cap, f"{version.rpartition('.')[0]}.9999"):
            return True
    return False


def _told(package: Package, version: str, missing: list[Cap], beside: list[Package]) -> Flaw:
    """One flaw for a release, with all of its caps that are missing."""
    wanted = ", ".join(cap.requirement for cap in missing)
    names = {parse_wish(cap.requirement).name for cap in missing}
    loose = [one for one in beside if one.name in names]
    fatal = any(cap.evidence.startswith(_INSTALLED) for cap in missing)
    reasons = "; ".join(dict.fromkeys(cap.reason for cap in missing))
    told = f"{package.name} {version} does not work with what is newest today: {reasons}"
    if not reasons.startswith("without"):
        told += f" (it needs {wanted})"
    return Flaw(
        reference="cap-missing",
        severity="error" if fatal else "warning",
        message=told.rstrip(".") + ".",
        places=(package.at, *(one.at for one in loose)),
        evidence=tuple(cap.evidence for cap in missing),
        fix=tuple(f"add {cap.requirement}" for cap in missing),
        confidence="likely",
    )
