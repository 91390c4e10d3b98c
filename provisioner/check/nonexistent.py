"""Releases and builds that do not exist: where the catalog says that it holds all of them."""

from __future__ import annotations

import datetime as dt
import re

import msgspec

from provisioner.catalog.complete_rows import Complete
from provisioner.catalog.rows import Build
from provisioner.check.choice import BACKEND
from provisioner.check.flaw import Flaw
from provisioner.check.ground import Ground
from provisioner.check.ranges import within
from provisioner.check.said import Package
from provisioner.check.written import Taken
from provisioner.report import Confidence, Severity
from provisioner.request import admits
from provisioner.version import minor, numbers, order, public

_SETTLED_DAYS = 365
"""Nobody publishes a release behind one that is as old as that."""
_PIN = re.compile(r"===?(\d+(?:\.\d+)+)(?:\+(\w+))?")
_FOR_CUDA = re.compile(r"cu(\d{1,2})(\d)")
_REFERENCE = "no-such-release"


def flaw(ground: Ground, package: Package) -> Flaw | None:
    """Tell of a pin that no index holds; None where it may exist, or nobody can know."""
    match = _PIN.fullmatch(package.specifier)
    if match is None or package.manager != "pip" or not asks_publishers(ground, package):
        return None
    version, variant = match[1], match[2]
    rows = [
        row
        for row in ground.catalog.every_build(package.name)
        if row.via == "pip" and row.framework == package.name
    ]
    mine = [row for row in rows if public(row.version) == version]
    if mine:
        return _no_variant(ground, package, mine, version, variant) if variant else None
    return _no_release(ground, package, rows, version)


def unknown_to_conda(ground: Ground, package: Package) -> Flaw | None:
    """Tell of a pin that no row of its channels is; what other channels hold, nobody knows."""
    rows = [row for row in ground.catalog.every_build(package.name) if row.channel]
    mine = [row for row in rows if row.channel in package.channels]
    pinned = package.manager == "conda" and "==" in package.specifier
    if not pinned or not package.channels or set(package.channels) - {row.channel for row in rows}:
        return None
    same = [row for row in mine if within(package.specifier, public(row.version))]
    if not mine or (same and not package.build):
        return None
    newest = public(max((row.version for row in mine), key=order))
    builds = ", ".join(dict.fromkeys(row.build_string or "" for row in same).keys())
    told = f"the builds that it knows are {builds}" if same else f"the newest it knows is {newest}"
    return Flaw(
        reference="unknown-release",
        severity="note",
        message=f"The catalog does not know {package.at.text}: {told}.",
        places=(package.at,),
        confidence="unsure",
    )


def asks_publishers(ground: Ground, package: Package) -> bool:
    """Whether only indexes are asked whose holdings the catalog knows; no mirror, no folder."""
    places = (BACKEND, *ground.catalog.addresses.values())
    return package.sources_known and all(one.startswith(places) for one in package.indexes)


def _held(ground: Ground, name: str, of: str, version: str) -> Complete | None:
    for row in ground.catalog.complete:
        fits = not row.versions or admits(row.versions, version)
        if row.framework == name and row.of == of and fits:
            return row
    return None


def _no_release(ground: Ground, package: Package, rows: list[Build], version: str) -> Flaw | None:
    complete = _held(ground, package.name, "releases", version)
    if complete is None:
        return None
    before = [row for row in rows if order(public(row.version)) < order(version)]
    after = [row for row in rows if order(public(row.version)) > order(version)]
    if not before or not after:
        return None  # newer than what is known, or older
    last = max(before, key=lambda row: order(row.version))
    settled = [row.released for row in before if public(row.version) == public(last.version)]
    if not _is_settled(max(filter(None, settled), default=None), complete.checked):
        return None
    near = public(last.version)
    if minor(near) != minor(version):
        next_one = public(min(after, key=lambda row: order(row.version)).version)
        near = next_one if minor(next_one) == minor(version) else near
    return Flaw(
        reference=_REFERENCE,
        severity="error",
        message=f"There is no {package.name} {version}: the nearest release is {near}.",
        places=(package.at,),
        evidence=(complete.evidence,),
        fix=_instead(ground, package, near),
        confidence="certain",
    )


def _is_settled(released: str | None, checked: str) -> bool:
    if released is None:
        return False
    age = dt.date.fromisoformat(checked) - dt.date.fromisoformat(released)
    return age.days > _SETTLED_DAYS


def _no_variant(
    ground: Ground, package: Package, rows: list[Build], version: str, variant: str
) -> Flaw | None:
    complete = _held(ground, package.name, "variants", version)
    wanted = _FOR_CUDA.fullmatch(variant)
    known = {row.variant: row.cuda for row in rows if row.index and row.cuda}
    if complete is None or wanted is None or not known or variant in known:
        return None
    cuda = f"{wanted[1]}.{wanted[2]}"
    named = sorted(known, key=lambda name: numbers(known[name] or ""))
    severity, confidence = _weight(ground, cuda, [known[name] or "" for name in named])
    called = f"{package.name} {version}+{variant}"
    told = f"There is no {called}" if severity == "error" else f"No {called} was ever announced"
    return Flaw(
        reference=_REFERENCE,
        severity=severity,
        message=f"{told}: for CUDA it is built as {', '.join(named)}.",
        places=(package.at,),
        evidence=(complete.evidence,),
        fix=_instead(ground, package, version),
        confidence=confidence,
    )


def _weight(ground: Ground, cuda: str, built: list[str]) -> tuple[Severity, Confidence]:
    """A CUDA between those that are announced may have been built without being announced."""
    between = numbers(built[0]) < numbers(cuda) < numbers(built[-1])
    if between and cuda in ground.facts.cuda:
        return "warning", "unsure"
    return "error", "likely"


def _instead(ground: Ground, package: Package, version: str) -> tuple[str, ...]:
    """The same release as another build, or the nearest one, as it fits this machine."""
    beside = [one for one in ground.part.packages() if one.where == package.where]
    near = msgspec.structs.replace(package, specifier=f"=={version}")
    return ground.remedy.instead_of(ground.inside, beside, near, None) or (
        ground.remedy.lines([Taken(f"{package.name}=={version}")])
    )
