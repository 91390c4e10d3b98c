"""Pins that contradict each other: a release that needs another one than stands beside it."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog.rows import Build
from provisioner.check import choice
from provisioner.check.flaw import Flaw, softened
from provisioner.check.ground import Ground
from provisioner.check.said import Package
from provisioner.request import admits, parse_wish
from provisioner.resolve.builds import is_asked
from provisioner.version import order, public


def flaws(ground: Ground) -> Iterator[Flaw]:
    """Yield pairs of packages of one place of which no releases go together."""
    packages = list(ground.part.packages())
    for package in packages:
        if package.name not in ground.catalog.frameworks or not package.specifier:
            continue
        rows = _admitted(ground, package)
        for other in packages:
            apart = other.where != package.where or other.name == package.name
            if not apart and other.specifier:
                flaw = _clash(ground, package, other, rows)
                if flaw is not None:
                    yield softened(flaw, conditional=package.conditional or other.conditional)


def _clash(
    ground: Ground, package: Package, other: Package, rows: list[Build]
) -> Flaw | None:
    if not rows:
        return None
    needs = [_need(row, other.name) for row in rows]
    if None in needs or any(_meet(ground, other, need) for need in needs if need is not None):
        return None
    row = max(rows, key=lambda row: order(public(row.version)))
    need = _need(row, other.name) or ""
    beside = [one for one in ground.part.packages() if one.where == package.where]
    return Flaw(
        reference="framework-pin-conflict",
        severity="error",
        message=f"{package.name} {public(row.version)} needs {other.name}{need}, and"
        f" {other.at.text} stands beside it.",
        places=(package.at, other.at),
        evidence=(row.evidence,),
        fix=ground.remedy.beside(ground.inside, beside, package),
        confidence="certain" if row.kind == "measured" else "likely",
    )


def _admitted(ground: Ground, package: Package) -> list[Build]:
    wish = choice.wish_of(package)
    platform = ground.facts.platform
    return [
        row
        for row in ground.catalog.builds(package.name)
        if row.platform in {platform, "any"}
        and is_asked(wish, row)
        and set((row.extra or "").split(",")) & {"", *package.extras}
    ]


def _need(row: Build, name: str) -> str | None:
    """The range that a build binds another package to; None where it leaves it open."""
    for text in row.requires:
        wish = parse_wish(text)
        if wish.name == name and wish.specifier and "extra" not in text.partition(";")[2]:
            # A build's own suffix (==2.0.0+cu117) is its index's affair.
            return ",".join(public(part) for part in wish.specifier.split(","))
    return None


def _meet(ground: Ground, other: Package, need: str) -> bool:
    """Whether some release of a package is within what stands there and what is needed."""
    rows = [*ground.catalog.builds(other.name)]
    versions = {public(row.version) for row in rows}
    versions |= {row.version for row in ground.catalog.libraries if row.package == other.name}
    bound = ",".join(public(part) for part in other.specifier.split(","))
    inside = [version for version in versions if _within(bound, version)]
    # Of a release that the catalog does not know nothing is said.
    return not inside or any(_within(need, version) for version in inside)


def _within(specifier: str, version: str) -> bool:
    try:
        return admits(specifier, version)
    except ValueError:
        return True
