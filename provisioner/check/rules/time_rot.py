"""Old releases that a plain install breaks today: the caps that they need."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from provisioner.catalog.find import caps_on
from provisioner.catalog.rows import Build, Cap
from provisioner.check import choice, ranges, written
from provisioner.check.flaw import Flaw, softened
from provisioner.check.ground import Ground
from provisioner.check.said import Package
from provisioner.report import Severity
from provisioner.request import parse_wish
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
        for missing in _missing(ground, package, row, beside).items():
            flaw = _told(ground, package, row.version, missing, beside)
            yield softened(flaw, conditional=package.conditional)


def _missing(
    ground: Ground, package: Package, row: Build, beside: Sequence[Package]
) -> dict[Severity, list[Cap]]:
    """The caps that nothing in the file keeps, by how sure it is that this breaks."""
    found: dict[Severity, list[Cap]] = {}
    for cap in caps_on(ground.catalog.caps, row.framework, row.version):
        severity = _severity(ground, package, row, cap, beside)
        if severity is not None:
            found.setdefault(severity, []).append(cap)
    return found


def _severity(
    ground: Ground, package: Package, row: Build, cap: Cap, beside: Sequence[Package]
) -> Severity | None:
    """An error where a pin breaks the release, or what a plain install brings certainly does.

    A cap on what nothing brings is worth a note: the release works without it.
    """
    wanted = parse_wish(cap.requirement)
    named = [one for one in beside if one.name == wanted.name]
    bounds = [one.specifier for one in named if one.specifier]
    bounds += [one.specifier for one in ground.part.bounds() if one.name == wanted.name]
    if any(ranges.ends_within(bound, wanted.specifier) for bound in bounds):
        return None
    sure = cap.evidence.startswith(_INSTALLED)
    if any(ranges.apart(bound, wanted.specifier) for bound in bounds):
        return "error" if sure else "warning"
    if (cap.beside and not named) or not _tried_on(ground, package.where, cap):
        return "note"
    open_ended = sure and _tried_on_all(ground, package.where, row, cap)
    return (
        "error" if open_ended and choice.binds_nothing_unknown(ground, package.where) else "warning"
    )


def _tried_on(ground: Ground, where: str, cap: Cap) -> bool:
    """Whether a cap was found on a Python as old as the file's, or that one is not known.

    What broke a release may have no wheel for an older Python, which then needs no cap.
    """
    fits, tried = ground.pythons(where), _pythons(cap)
    if fits is None or not tried:
        return True
    return any(
        fits(row.version) and numbers(row.version) >= min(tried) for row in ground.catalog.pythons
    )


def _tried_on_all(ground: Ground, where: str, row: Build, cap: Cap) -> bool:
    """Whether the file has no Python, of those that the build is for, older than those tried."""
    fits, tried = ground.pythons(where), _pythons(cap)
    mine = [one for one in row.pythons if fits is None or fits(one)]
    return bool(tried) and all(numbers(one) >= min(tried) for one in mine)


def _pythons(cap: Cap) -> list[tuple[int, ...]]:
    return [numbers(python) for python in _ON_PYTHON.findall(cap.evidence)]


def _told(
    ground: Ground,
    package: Package,
    version: str,
    missing: tuple[Severity, list[Cap]],
    beside: Sequence[Package],
) -> Flaw:
    """One flaw for a release, with its caps that are missing with the same weight."""
    severity, caps = missing
    wanted = ", ".join(cap.requirement for cap in caps)
    names = {parse_wish(cap.requirement).name for cap in caps}
    loose = [one for one in beside if one.name in names]
    reasons = "; ".join(dict.fromkeys(cap.reason for cap in caps))
    newest = "does not work with" if severity != "note" else "would not work with"
    told = f"{package.name} {version} {newest} what is newest today: {reasons}"
    if not reasons.startswith("without"):
        told += f" (it needs {wanted})"
    return Flaw(
        reference="cap-missing",
        severity=severity,
        message=told.rstrip(".") + ".",
        places=(package.at, *(one.at for one in loose)),
        evidence=tuple(cap.evidence for cap in caps),
        fix=tuple(_fix(ground, cap, loose) for cap in caps),
        confidence="unsure" if severity == "note" else "likely",
    )


def _fix(ground: Ground, cap: Cap, loose: Sequence[Package]) -> str:
    """What to write: in the place of what breaks, or besides."""
    name = parse_wish(cap.requirement).name
    instead = next((one.at.text for one in loose if one.name == name), None)
    if instead is None:
        return ground.remedy.added(cap.requirement)
    return f"{written.one(ground.remedy.output.kind, cap.requirement)} instead of {instead}"
