"""CUDA toolkits that packages, conda or runfiles bring: the driver, the GPU and the compiler."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from provisioner.check.flaw import Flaw, softened
from provisioner.check.ground import Ground
from provisioner.check.rules.image_tags import driver_runs, unserved
from provisioner.check.said import Place
from provisioner.resolve.host_compiler import limits_of

_PACKAGE = re.compile(r"cuda(?:-toolkit|-runtime|-libraries|-nvcc|-compiler)?-(\d+)-(\d+)")
_RUNFILE = re.compile(r"cuda_(\d+\.\d+)[\d.]*_[\w.-]*\.run")
_CONDA = frozenset({"cudatoolkit", "pytorch-cuda", "cuda-version", "cuda-toolkit", "cuda-nvcc"})
_GCC = re.compile(r"(?:gcc|g\+\+)-(\d+)")
_MINOR = re.compile(r"==(\d+\.\d+)(\.\d+)*(\.\*)?")


class Toolkit(msgspec.Struct, frozen=True):
    """A CUDA release that something brings."""

    cuda: str
    what: str
    at: Place
    conditional: bool = False
    compiles: bool = False


def flaws(ground: Ground) -> Iterator[Flaw]:
    """Yield what is wrong with the toolkits of a part."""
    for toolkit in toolkits(ground):
        if toolkit.cuda not in ground.facts.cuda:
            continue
        found = [*_driver(ground, toolkit), *_gpu(ground, toolkit), *_compiler(ground, toolkit)]
        yield from (softened(one, conditional=toolkit.conditional) for one in found)


def toolkits(ground: Ground) -> Iterator[Toolkit]:
    """Yield the CUDA releases that a part brings beside its image."""
    for package in ground.part.system_packages():
        if match := _PACKAGE.fullmatch(package.name):
            compiles = "runtime" not in package.name and "libraries" not in package.name
            cuda = f"{match[1]}.{match[2]}"
            yield Toolkit(cuda, package.name, package.at, package.conditional, compiles)
    for fetched in ground.part.fetched():
        if fetched.run and (match := _RUNFILE.fullmatch(fetched.name)):
            yield Toolkit(match[1], fetched.name, fetched.at, compiles=True)
    for wanted in ground.part.packages():
        if wanted.manager == "conda" and wanted.name in _CONDA:
            match = _MINOR.fullmatch(wanted.specifier)
            if match:
                compiles = wanted.name in {"cuda-toolkit", "cuda-nvcc"}
                what = f"{wanted.name} {match[1]}"
                yield Toolkit(match[1], what, wanted.at, wanted.conditional, compiles)


def _driver(ground: Ground, toolkit: Toolkit) -> Iterator[Flaw]:
    floor = ground.facts.floor_of(toolkit.cuda)
    if not ground.gpus or floor is None or driver_runs(ground, toolkit.cuda):
        return
    fitting = [
        row.version
        for row in ground.catalog.cuda
        if driver_runs(ground, row.version)
        and not unserved(ground, row.version)
        and ground.facts.floor_of(row.version)
    ]
    newest = (f"CUDA {fitting[-1]} is the newest that fits",) if fitting else ()
    yield Flaw(
        reference="driver-too-old",
        severity="error",
        message=f"{toolkit.what} brings CUDA {toolkit.cuda}, which needs driver {floor} or later,"
        f" and {ground.driver_told()}.",
        places=(toolkit.at,),
        evidence=(ground.facts.cuda[toolkit.cuda].evidence,),
        fix=(*newest, f"or install driver {floor} or later"),
    )


def _gpu(ground: Ground, toolkit: Toolkit) -> Iterator[Flaw]:
    missing = unserved(ground, toolkit.cuda) if toolkit.compiles else None
    if missing:
        fitting = [
            row.version
            for row in ground.catalog.cuda
            if row.architectures
            and driver_runs(ground, row.version)
            and not unserved(ground, row.version)
        ]
        yield Flaw(
            reference="gpu-unsupported",
            severity="warning",
            message=f"{toolkit.what} brings CUDA {toolkit.cuda}, which makes no code for"
            f" {missing}.",
            places=(toolkit.at,),
            evidence=(ground.facts.cuda[toolkit.cuda].evidence,),
            fix=(f"CUDA {fitting[-1]} is the newest that fits",) if fitting else (),
        )


def _compiler(ground: Ground, toolkit: Toolkit) -> Iterator[Flaw]:
    """The gcc that is named, else that of the system, against what nvcc accepts."""
    limits = limits_of(ground.facts, toolkit.cuda)
    if limits is None or not toolkit.compiles or ground.part.inside == "environment":
        return
    named = [
        (match[1], one.at)
        for one in ground.part.system_packages()
        if (match := _GCC.fullmatch(one.name))
    ]
    system = ground.facts.system
    own = [(system.gcc, toolkit.at)] if system and system.gcc and not named else []
    found = named or own
    if not found or any(int(version) <= int(limits.gcc) for version, _ in found):
        return
    version, at = found[0]
    where = "" if named else f", and that of {ground.inside.os_name} is gcc {version}"
    about = f"gcc {version} is too new: " if named else ""
    yield Flaw(
        reference="host-compiler",
        severity="warning",
        message=f"{about}nvcc of CUDA {toolkit.cuda} takes gcc {limits.gcc} or older{where}.",
        places=(at, toolkit.at) if named else (at,),
        evidence=(ground.facts.cuda[toolkit.cuda].evidence,),
        fix=(f"install g++-{limits.gcc} and compile with nvcc -ccbin g++-{limits.gcc}",),
    )
