"""Which build an installer would take for a package, and whether it fits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

import msgspec

from provisioner.catalog.rows import Build
from provisioner.catalog.sheets import ANY_PLATFORM, SOURCE
from provisioner.check.ground import Ground
from provisioner.check.said import Package
from provisioner.check.together import left_by_others
from provisioner.request import Wish, parse_wish
from provisioner.resolve.builds import Builds, is_asked
from provisioner.resolve.candidates import (
    CPU,
    DRIVER,
    GLIBC,
    GPU,
    OUTSIDE,
    PYTHON,
    Candidate,
    Need,
)
from provisioner.resolve.facts import Facts
from provisioner.resolve.serving import serve
from provisioner.version import at_least, is_pre_release, order, public

BACKEND = "--torch-backend="
_ABOUT = frozenset({CPU, DRIVER, GLIBC, GPU, OUTSIDE, PYTHON})
"""What is decided by the machine; what packages need of each other is another rule's."""
_CUDA_OF_CONDA = ("pytorch-cuda", "cudatoolkit", "cuda-version")


class Taken(msgspec.Struct, frozen=True):
    """The builds of which one would be installed, all of one release, the likeliest first.

    ``elsewhere`` are builds of it on indexes that are not asked; ``on_any`` are the releases that
    anybody knows of.
    """

    wish: Wish
    builds: tuple[Build, ...]
    elsewhere: tuple[Build, ...] = ()
    unknown: bool = False
    """Nothing can be said: another index, an extra or a channel that nobody knows."""


def wish_of(package: Package) -> Wish:
    """A package as the resolver takes it."""
    extras = f"[{','.join(package.extras)}]" if package.extras else ""
    return Wish(
        name=package.name,
        specifier=package.specifier,
        extras=package.extras,
        text=f"{package.name}{extras}{package.specifier}",
    )


def taken(ground: Ground, package: Package) -> Taken:
    """Return the builds that an installer would choose between for a package."""
    wish = wish_of(package)
    facts = ground.facts_for(wish)
    rows = [row for row in _rows(ground, facts, package) if is_asked(wish, row)]
    known = _extras(rows, package)
    if known is None:
        return Taken(wish, (), unknown=True)
    if package.manager == "conda":
        # Solvers take builds for CUDA before others, and the newest.
        chosen = tuple(
            sorted(
                _of_conda(ground, package, known),
                key=lambda row: (row.cuda is not None, order(row.version)),
                reverse=True,
            )
        )
        return Taken(wish, chosen, unknown=not chosen)
    asked = _asked_places(ground, known, package)
    if asked is None or not (package.sources_known or is_pinned(package)):
        return Taken(wish, (), unknown=True)
    return Taken(wish, tuple(_newest(ground, asked, package)), tuple(known))


def is_pinned(package: Package) -> bool:
    """Whether one release is asked for, or the patches of one."""
    return "==" in package.specifier


def is_certain(ground: Ground, package: Package) -> bool:
    """Whether an installer is sure to take such a build.

    Of what is not pinned, other packages or an older Python may leave an older release.
    """
    if is_pinned(package) or package.manager != "pip":
        return True
    if not binds_nothing_unknown(ground, package.where):
        return False
    return not any(
        unmet(other, found.wish, row, package.where) is None
        for other in _with_each_python(ground, package.where)
        for found in (taken(other, package),)
        for row in found.builds
    )


def _with_each_python(ground: Ground, where: str) -> Iterator[Ground]:
    """The Pythons that it may be, where nothing tells: the system's, and those still mended."""
    system = ground.facts.system
    for row in ground.catalog.pythons if ground.pythons(where) is None else ():
        lives = row.end_of_life is None or row.end_of_life >= ground.catalog.checked[:7]
        if lives or (system and system.python == row.version):
            yield ground.with_python(row.version)


def binds_nothing_unknown(ground: Ground, where: str) -> bool:
    """Whether all that goes into a place is known: any other package has bounds of its own."""
    capped = {parse_wish(cap.requirement).name for cap in ground.catalog.caps}
    known = {*ground.catalog.frameworks, *capped}
    if any(one.where == where for one in ground.part.listed()):
        return False
    beside = [one for one in ground.part.packages() if one.where == where]
    return all(one.name in known and one.manager == "pip" and one.sources_known for one in beside)


def unmet(ground: Ground, wish: Wish, row: Build, where: str = "") -> Need | None:
    """Return the first thing that a build needs and this machine, or this image, has not."""
    facts = ground.facts_for(wish)
    gpus = facts.gpus
    found = [
        serve(gpu.name, gpu.compute_capability or "", row.sass, row.ptx, facts.tegra)
        for gpu in gpus
    ]
    serves = tuple(one for one in found if one is not None) if None not in found else ()
    candidate = Candidate(
        on=wish.name, version=row.version, variant=row.variant, row=row, serves=serves
    )
    for need in Builds(facts, {}).needs(candidate):
        if need.on in _ABOUT and not _is_met(ground, facts, need, where):
            return need
    return None


def _is_met(ground: Ground, facts: Facts, need: Need, where: str) -> bool:
    if need.failed:
        return False
    if need.on == DRIVER:
        return need.floor is None or not ground.drivers or ground.driver_reaches(need.floor)
    if need.on == GLIBC:
        return need.floor is None or facts.glibc is None or at_least(facts.glibc, need.floor)
    if need.on == PYTHON:
        fits = ground.pythons(where)
        return not need.among or fits is None or any(map(fits, need.among))
    return True


def _rows(ground: Ground, facts: Facts, package: Package) -> Iterator[Build]:
    """Every build of that name for this platform that its manager can fetch."""
    for row in ground.catalog.every_build(package.name):
        if (
            row.via == package.manager
            # pip takes what is called so; another distribution may bring the same modules.
            and (row.via != "pip" or row.framework == package.name)
            and row.platform in {facts.platform, ANY_PLATFORM}
            and row.variant != SOURCE
            and (not is_pre_release(row.version) or package.specifier.startswith("=="))
            and (not row.yanked or package.specifier.startswith("=="))
        ):
            yield row


def _extras(rows: list[Build], package: Package) -> list[Build] | None:
    """The builds that the extras choose; None for extras that nobody knows."""
    asked = set(package.extras)
    known = {extra for row in rows if row.extra for extra in row.extra.split(",")}
    if asked & known:
        wanted = [row for row in rows if row.extra and asked & set(row.extra.split(","))]
        return wanted or rows
    if asked and known:
        return None
    plain = [row for row in rows if not row.extra]
    return plain or rows


def _asked_places(ground: Ground, rows: list[Build], package: Package) -> list[Build] | None:
    """The builds on the indexes that are asked; None where an index is asked that nobody knows.

    A mirror of the default index holds what that one holds.
    """
    if not package.sources_known:
        return rows
    places = tuple(ground.catalog.addresses.values())
    indexed = any(row.index for row in ground.catalog.every_build(package.name))
    found: list[Build] = []
    mirrored = False
    for index in package.indexes:
        here = [row for row in rows if is_on(row, index)]
        publishers = index.startswith((BACKEND, *places))
        if publishers and indexed and not _has_builds(ground, index, package.name):
            return None
        mirrored = mirrored or not publishers
        found += here
        if here and index.startswith(BACKEND):  # uv asks nowhere else for what lies there
            return here
    if not package.replaces_default or mirrored:
        found += [row for row in rows if row.index is None]
    return found


def _has_builds(ground: Ground, index: str, name: str) -> bool:
    """Whether anything is known of an index; of a package that lies there under no row, nothing."""
    return any(is_on(row, index) for row in ground.catalog.every_build(name))


def is_on(row: Build, index: str) -> bool:
    """Whether a build lies on an index, named by its address or by uv's backend."""
    if index.startswith(BACKEND):
        return row.index is not None and row.variant == index.removeprefix(BACKEND)
    return row.index is not None and row.index.rstrip("/") == index


def _newest(ground: Ground, rows: Iterable[Build], package: Package) -> Iterator[Build]:
    """The builds of the newest release, that of each place; one that has the Python if any has."""
    rows = list(rows)
    if not package.specifier.startswith("=="):
        rows = left_by_others(ground, package, rows)
    fits = ground.pythons(package.where)
    if fits is not None:
        rows = [row for row in rows if any(map(fits, row.pythons))] or rows
    for index in dict.fromkeys(row.index for row in rows):
        here = [row for row in rows if row.index == index]
        top = max(order(public(row.version)) for row in here)
        yield from (row for row in here if order(public(row.version)) == top)


def _of_conda(ground: Ground, package: Package, rows: list[Build]) -> Iterator[Build]:
    """conda's builds that its channels, its build string and the CUDA beside it leave."""
    bounds = [
        wish_of(one)
        for one in ground.part.packages()
        if one.name in _CUDA_OF_CONDA and one.manager == "conda" and one.where == package.where
    ]
    channels = set(package.channels)
    for row in rows:
        string = row.build_string or ""
        if channels and row.channel not in channels and "defaults" not in channels:
            continue
        if package.build and not (fnmatchcase(package.build, string) or package.build == string):
            continue
        if row.cuda is None and not package.build:  # a solver takes CUDA's, unless told not to
            continue
        if row.cuda is None or all(bound.admits(row.cuda) for bound in bounds):
            yield row
