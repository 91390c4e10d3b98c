"""Packages whose build does not fit the machine: GPU, driver, Python, glibc, CPU."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog.rows import Build
from provisioner.check import choice, nonexistent
from provisioner.check.choice import Taken
from provisioner.check.flaw import Flaw, softened
from provisioner.check.ground import Ground
from provisioner.check.ranges import within
from provisioner.check.said import Package, Place
from provisioner.check.together import plain
from provisioner.check.written import Taken as Pin
from provisioner.report import Confidence
from provisioner.resolve.builds import is_asked
from provisioner.resolve.candidates import DRIVER, GLIBC, GPU, PYTHON, Need
from provisioner.version import order, public

_CPU = "cpu-only-wheel"
_PUBLISHER = "pytorch"
"""The channel whose packages are made by those who make the wheels."""
_NOT_SAID = ("unknown-", "source-only")
"""References of what nobody read: no flaw of the file."""


def flaws(ground: Ground) -> Iterator[Flaw]:
    """Yield what is wrong with the builds that the part's packages are."""
    flawed: set[tuple[str, str]] = set()
    for package in _known(ground):
        base = ground.facts.base_of_framework(package.name)
        found = choice.taken(ground, package)
        if found.unknown and (flaw := nonexistent.unknown_to_conda(ground, package)):
            yield flaw
        if found.unknown or (base, package.where) in flawed:
            continue
        flaw = _flaw(ground, package, found) if found.builds else _no_build(ground, package, found)
        if flaw is not None:
            flawed.add((package.name, package.where))
            yield softened(flaw, conditional=package.conditional)


def _known(ground: Ground) -> Iterator[Package]:
    """The frameworks, and after them what extends one: what is wrong with that is told once."""
    frameworks = set(ground.catalog.frameworks)
    found = [one for one in ground.part.packages() if one.name in frameworks]
    return iter(sorted(found, key=lambda one: ground.facts.base_of_framework(one.name) is not None))


def _flaw(ground: Ground, package: Package, found: Taken) -> Flaw | None:
    needs = [choice.unmet(ground, found.wish, row, package.where) for row in found.builds]
    if None in needs or _brought_by_plugin(ground, package):
        return None
    row, need = found.builds[0], needs[0]
    if need is None or (need.reference == _CPU and row.bundles_cuda):
        return None
    if need.reference.startswith(_NOT_SAID) and (wheel := _like_its_wheel(ground, package, found)):
        row, need = wheel
        return Flaw(
            reference=need.reference,
            severity="error",
            message=f"{_called(package, found.builds[0])} is known by the wheel of its release and"
            f" CUDA {row.cuda}: {need.reason}.",
            places=(package.at,),
            evidence=(found.builds[0].evidence, need.evidence),
            fix=_fix(ground, package, need),
            confidence="likely",
        )
    if need.reference.startswith(_NOT_SAID):
        elsewhere = row.channel and _may_come_from_elsewhere(ground, package, found)
        return None if elsewhere else _unread(package, row, need)
    on_purpose = need.reference == _CPU and _asks_for_cpu(package, row)
    # Which build conda takes is for its solver, and not every channel has rows.
    by_solver = need.reference == _CPU and row.channel is not None
    if by_solver and not on_purpose and _may_come_from_elsewhere(ground, package, found):
        return None
    sure = not on_purpose and choice.is_certain(ground, package)
    return Flaw(
        reference=need.reference,
        severity="note" if by_solver and not on_purpose else "error" if sure else "warning",
        message=f"{_called(package, row)}: {need.reason}{_against(ground, need)}.",
        places=(package.at, *_python_places(ground, need)),
        evidence=(need.evidence,) if need.evidence else (),
        fix=_fix(ground, package, need),
        confidence="unsure" if by_solver and not on_purpose else _confidence(row, sure=sure),
    )


def _like_its_wheel(ground: Ground, package: Package, found: Taken) -> tuple[Build, Need] | None:
    """The wheel that its publisher made of a release that nobody read, where no GPU takes that.

    None unless every build that there may be has one, and none of them serves the machine.
    """
    wheels = [
        wheel
        for row in found.builds
        for wheel in ground.catalog.every_build(row.framework)
        if wheel.via == "pip"
        and row.channel == _PUBLISHER
        and (wheel.platform, wheel.cuda) == (row.platform, row.cuda)
        and public(wheel.version) == public(row.version)
        and wheel.sass
    ]
    if {row.cuda for row in found.builds} != {wheel.cuda for wheel in wheels}:
        return None
    needs = [choice.unmet(ground, found.wish, wheel, package.where) for wheel in wheels]
    told = [need for need in needs if need is not None and need.on == GPU and need.failed]
    return (wheels[0], told[0]) if wheels and len(told) == len(wheels) else None


def _may_come_from_elsewhere(ground: Ground, package: Package, found: Taken) -> bool:
    """Whether a channel is asked of which the catalog has no build of that release."""
    rows = ground.catalog.every_build(package.name)
    known = {row.channel for row in rows if is_asked(found.wish, row)}
    return bool(set(package.channels) - known)


def _confidence(row: Build, *, sure: bool) -> Confidence:
    return "certain" if sure and row.kind == "measured" else "likely"


def _called(package: Package, row: Build) -> str:
    """The build in words: ``torch 2.15.0 of the default index, which is the newest today``."""
    if row.channel:
        place = f" of channel {row.channel}"
    else:
        place = f" from {row.index}" if row.index else " of the default index"
    pinned = "==" in package.specifier
    name = f"{row.framework} {row.version}{place}"
    return name if pinned else f"{name}, which is what it takes today"


def _against(ground: Ground, need: Need) -> str:
    if need.on == DRIVER and not need.failed:
        return f", and {ground.driver_told()}"
    if need.on == GLIBC and not need.failed:
        return f", and {ground.inside.os_name} has {ground.facts.glibc}"
    if need.on == PYTHON:
        told = next(iter([*ground.part.pythons()][::-1]), None)
        if told:
            return (
                f", and this asks for Python {told.specifier.removeprefix('==').removesuffix('.*')}"
            )
        return f", and this has Python {_only_python(ground)}"
    return ""


def _python_places(ground: Ground, need: Need) -> tuple[Place, ...]:
    told = next(iter([*ground.part.pythons()][::-1]), None)
    return (told.at,) if need.on == PYTHON and told else ()


def _only_python(ground: Ground) -> str | None:
    fits = ground.pythons()
    return next((row.version for row in ground.catalog.pythons if fits and fits(row.version)), None)


def _fix(ground: Ground, package: Package, need: Need) -> tuple[str, ...]:
    beside = [one for one in ground.part.packages() if one.where == package.where]
    lines = ground.remedy.instead_of(ground.inside, beside, package, _only_python(ground))
    either = "or " if lines else ""
    if need.on == DRIVER and need.floor and ground.machine.driver:
        return (*lines, f"{either}install driver {need.floor} or later, and keep it as it is")
    if need.reference == _CPU:
        return (*lines, f"{either}say --gpu none, if the CPU is meant")
    return lines


def _asks_for_cpu(package: Package, row: Build) -> bool:
    """Whether a build without GPU code was chosen by name, index or variant."""
    named = any(index.rstrip("/").endswith("cpu") for index in package.indexes)
    return named or "cpu" in package.name or row.variant == "cpu" or "cpu" in package.build


def _brought_by_plugin(ground: Ground, package: Package) -> bool:
    """Whether JAX gets its CUDA from a plugin, or a jaxlib, that is named beside it."""
    beside = [one for one in ground.part.packages() if one.where == package.where]
    return package.name == "jax" and any(
        one.name.startswith("jax-cuda")
        or (one.name == "jaxlib" and ("cuda" in one.specifier or not one.sources_known))
        for one in beside
    )


def _unread(package: Package, row: Build, need: Need) -> Flaw:
    return Flaw(
        reference=need.reference,
        severity="note",
        message=f"{_called(package, row)}: {need.reason}.",
        places=(package.at,),
        evidence=(need.evidence,) if need.evidence else (),
        confidence="unsure",
    )


def _no_build(ground: Ground, package: Package, found: Taken) -> Flaw | None:
    """Where nothing is found: on another index, for another platform, or nobody knows it."""
    flaw = nonexistent.flaw(ground, package)
    if flaw is None and found.elsewhere:
        flaw = _on_another_index(ground, package, found)
    if flaw is not None or found.elsewhere:
        return flaw
    rows = [row for row in ground.catalog.every_build(package.name) if row.via == "pip"]
    wanted = [row for row in rows if is_asked(found.wish, row)]
    if package.manager != "pip" or not package.specifier:
        return None
    if any(row.platform == "any" for row in wanted):
        return None  # it is built where it is installed
    if wanted:
        platforms = ", ".join(dict.fromkeys(row.platform for row in wanted))
        return Flaw(
            reference="no-build-for-platform",
            severity="error",
            message=f"{found.wish.text} has no build for {ground.facts.platform}, only for"
            f" {platforms}.",
            places=(package.at,),
            evidence=(wanted[-1].evidence,),
            fix=_anyhow(ground, package),
        )
    if not rows:
        return None
    newest = public(max((row.version for row in rows), key=order))
    build = package.specifier.partition("+")[2]
    known = bool(build) and any(within(plain(package.specifier), row.version) for row in rows)
    return Flaw(
        reference="unknown-release",
        severity="note",
        message=f"{found.wish.text} is unknown: "
        + (
            f"the catalog knows that release, and no build {build} of it."
            if known
            else f"the newest {package.name} that the catalog knows is {newest}."
        ),
        places=(package.at,),
        confidence="unsure",
    )


def _on_another_index(ground: Ground, package: Package, found: Taken) -> Flaw | None:
    """A pinned release that lies on other indexes than those that are asked."""
    rows = found.elsewhere
    variants = [row.variant for row in rows if row.index]
    named = "+" in package.specifier
    if named and not nonexistent.asks_publishers(ground, package):
        return None
    if not package.specifier or not (named or [name for name in variants if name != "cpu"]):
        return None
    release = public(max((row.version for row in rows), key=order))
    mine = [row for row in rows if row.accelerator is None and row.variant != "cpu"] or list(rows)
    where = ", ".join(dict.fromkeys(row.index or "the default index" for row in mine))
    asked = ", ".join(package.indexes) or "the default index"
    return Flaw(
        reference="variant-not-on-index",
        severity="error",
        message=f"{found.wish.text} is not on {asked}; {release} is on {where}.",
        places=(package.at,),
        evidence=tuple(dict.fromkeys(row.evidence for row in rows if row.index))[:1],
        fix=_by_name(ground, package, found) if named else _anyhow(ground, package),
        confidence="likely",
    )


def _by_name(ground: Ground, package: Package, found: Taken) -> tuple[str, ...]:
    """The build that is named, with the index that holds it, where that is what is meant."""
    row = found.elsewhere[0]
    if row.variant != "cpu" and choice.unmet(ground, found.wish, row, package.where):
        return _anyhow(ground, package)
    release = row.version.partition("+")[0]
    pin = Pin(f"{package.name}=={release}+{row.variant}", row.index)
    return ground.remedy.lines([pin])


def _anyhow(ground: Ground, package: Package) -> tuple[str, ...]:
    return _fix(ground, package, Need(on="", reference="", reason=""))
