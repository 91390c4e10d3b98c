"""The gcc that nvcc calls: its own header refuses one that is too new."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.catalog.rows import HostCompilers
from provisioner.check.flaw import Flaw, softened
from provisioner.check.ground import Ground
from provisioner.check.rules.toolkits import Toolkit, compilers
from provisioner.check.said import Place
from provisioner.resolve.host_compiler import limits_of

_GCC = re.compile(r"(?:gcc|g\+\+)-(\d+)")


def flaws(ground: Ground) -> Iterator[Flaw]:
    """Yield the compilers that the nvcc of a part does not take."""
    if ground.part.inside == "environment":
        return
    for toolkit in compilers(ground):
        limits = limits_of(ground.facts, toolkit.cuda)
        if limits is not None:
            found = _judged(ground, toolkit, limits)
            yield from (softened(one, conditional=toolkit.conditional) for one in found)


def _judged(ground: Ground, toolkit: Toolkit, limits: HostCompilers) -> Iterator[Flaw]:
    """The gcc that is chosen; else the system's, unless one that fits is installed beside it."""
    chosen = [(one.version, one.at) for one in ground.part.compilers() if not one.conditional]
    if chosen:
        yield from _too_new(ground, toolkit, limits, chosen)
        return
    named = [
        (match[1], one.at)
        for one in ground.part.system_packages()
        if (match := _GCC.fullmatch(one.name))
    ]
    own = _own(ground, limits)
    if own is None:
        yield from _too_new(ground, toolkit, limits, named)
    elif int(own) > int(limits.gcc):
        yield from _too_new(ground, toolkit, limits, named or [(own, toolkit.at)])


def _own(ground: Ground, limits: HostCompilers) -> str | None:
    """The gcc of the system's own packages; that of an image with nvcc is taken to fit."""
    system = ground.facts.system
    if any(image.holds_compiler for image in ground.images):
        return limits.gcc
    return system.gcc if system else None


def _too_new(
    ground: Ground, toolkit: Toolkit, limits: HostCompilers, found: list[tuple[str, Place]]
) -> Iterator[Flaw]:
    if not found or any(int(version) <= int(limits.gcc) for version, _ in found):
        return
    version, at = found[0]
    is_named = at is not toolkit.at
    where = "" if is_named else f", and that of {ground.inside.os_name} is gcc {version}"
    about = f"gcc {version} is too new: " if is_named else ""
    yield Flaw(
        reference="host-compiler",
        severity="warning",
        message=f"{about}nvcc of CUDA {toolkit.cuda} takes gcc {limits.gcc} or older{where}.",
        places=(at, toolkit.at) if is_named else (at,),
        evidence=(ground.facts.cuda[toolkit.cuda].evidence,),
        fix=(_fix(ground, limits),),
    )


def _fix(ground: Ground, limits: HostCompilers) -> str:
    """A package of this system with a gcc that is taken, where the catalog knows one."""
    system = ground.facts.system
    packages = (*(system.other_compilers if system else ()),)
    majors = [int(name.rpartition("-")[2]) for name in packages if name.startswith("g++-")]
    if system and system.gcc and int(system.gcc) <= int(limits.gcc):
        return f"compile with the gcc {system.gcc} of the system itself"
    fitting = [one for one in majors if one <= int(limits.gcc)]
    if fitting:
        return f"install g++-{max(fitting)} and compile with nvcc -ccbin g++-{max(fitting)}"
    return f"take a gcc up to {limits.gcc}, or a newer CUDA"
