"""What packages of one place bind each other to: by what their releases require."""

from __future__ import annotations

from collections.abc import Iterable

from provisioner.catalog.rows import Build
from provisioner.check.ground import Ground
from provisioner.check.ranges import within
from provisioner.check.said import Package
from provisioner.request import parse_wish
from provisioner.version import public


def need_of(row: Build, name: str) -> str | None:
    """The range that a build binds another package to; None where it leaves it open."""
    for text in row.requires:
        wish = parse_wish(text)
        if wish.name == name and wish.specifier and "extra" not in text.partition(";")[2]:
            # A build's own suffix (==2.0.0+cu117) is its index's affair.
            return plain(wish.specifier)
    return None


def plain(specifier: str) -> str:
    """A range without builds: ``==2.5.1`` of ``==2.5.1+cu121``."""
    return ",".join(public(part.strip()) for part in specifier.split(",") if part.strip())


def is_met(ground: Ground, other: Package, need: str) -> bool:
    """Whether some release of a package is within what stands there and what is needed.

    Of a release that the catalog does not know nothing is said.
    """
    versions = {public(row.version) for row in ground.catalog.builds(other.name)}
    versions |= {row.version for row in ground.catalog.libraries if row.package == other.name}
    inside = [version for version in versions if within(plain(other.specifier), version)]
    return not inside or any(within(need, version) for version in inside)


def left_by_others(ground: Ground, package: Package, rows: Iterable[Build]) -> list[Build]:
    """The builds of a package that the pins beside it leave; all of them where they leave none."""
    rows = list(rows)
    beside = [
        one
        for one in ground.part.packages()
        if one.where == package.where and one.name != package.name and one.specifier
    ]
    kept = rows
    for other in beside:
        theirs = _needs(ground, other, package.name)
        kept = [
            row
            for row in kept
            if (need := need_of(row, other.name)) is None or is_met(ground, other, need)
            if not theirs or any(within(need, public(row.version)) for need in theirs)
        ]
    return kept or rows


def _needs(ground: Ground, other: Package, name: str) -> set[str]:
    """What the releases of another package that are within its range bind a name to."""
    if other.name not in ground.catalog.frameworks:
        return set()
    bound = plain(other.specifier)
    rows = [row for row in ground.catalog.builds(other.name) if within(bound, public(row.version))]
    needs = {need_of(row, name) for row in rows}
    return set() if None in needs else {need for need in needs if need}
