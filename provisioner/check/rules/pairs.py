"""Pins that contradict each other: a release that needs another one than stands beside it."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog.rows import Build
from provisioner.check import choice
from provisioner.check.flaw import Flaw, softened
from provisioner.check.ground import Ground
from provisioner.check.said import Package
from provisioner.check.together import is_met, need_of
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


def _clash(ground: Ground, package: Package, other: Package, rows: list[Build]) -> Flaw | None:
    if not rows:
        return None
    needs = [need_of(row, other.name) for row in rows]
    if None in needs or any(is_met(ground, other, need) for need in needs if need is not None):
        return None
    row = max(rows, key=lambda row: order(public(row.version)))
    need = need_of(row, other.name) or ""
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
