"""CUDA toolkits that packages, conda or runfiles bring, against driver and GPU."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from provisioner.check import images, written
from provisioner.check.cuda_releases import (
    driver_runs,
    in_conda,
    in_repository,
    newest_fitting,
    unserved,
)
from provisioner.check.flaw import Flaw, softened
from provisioner.check.ground import Ground
from provisioner.check.said import Fetched, Package, Place, SystemPackage
from provisioner.resolve.forward_compatibility import runs_through_package

_PACKAGE = re.compile(
    r"cuda(-toolkit|-runtime|-libraries|-libraries-dev|-nvcc|-compiler|-minimal-build)?-(\d+)-(\d+)"
)
_PINNED = re.compile(r"(\d+\.\d+)\.\d+")
_RUNFILE = re.compile(r"cuda_(\d+\.\d+)[\d.]*_[\w.-]*(?:\.run|_linux(?:-run)?)")
_LABEL = re.compile(r"nvidia/label/cuda-(\d+\.\d+)[\d.]*")
_CONDA = frozenset(
    {"cudatoolkit", "cudatoolkit-dev", "pytorch-cuda", "cuda-version", "cuda-toolkit", "cuda-nvcc"}
)
_LABELLED = frozenset({"cuda", "cuda-toolkit", "cuda-nvcc", "cuda-compiler"})
_COMPILE = frozenset({"cuda", "cuda-toolkit", "cuda-nvcc", "cuda-compiler", "cudatoolkit-dev"})
_LIBRARIES = frozenset({"-runtime", "-libraries", "-libraries-dev"})
_MINOR = re.compile(r"==(\d+\.\d+)(\.\d+)*(\.\*)?")


class Toolkit(msgspec.Struct, frozen=True):
    """A CUDA release that something brings."""

    cuda: str
    what: str
    at: Place
    conditional: bool = False
    compiles: bool = False
    written: str = ""
    """How another release is written in its place, with ``{}`` for that; empty: in words."""


def flaws(ground: Ground) -> Iterator[Flaw]:
    """Yield what is wrong with the toolkits of a part."""
    for toolkit in toolkits(ground):
        if toolkit.cuda not in ground.facts.cuda:
            continue
        found = [*_driver(ground, toolkit), *_gpu(ground, toolkit)]
        yield from (softened(one, conditional=toolkit.conditional) for one in found)


def toolkits(ground: Ground) -> Iterator[Toolkit]:
    """Yield the CUDA releases that a part brings beside its image."""
    for package in ground.part.system_packages():
        yield from _of_system(package)
    seen: set[str] = set()
    for fetched in sorted(ground.part.fetched(), key=lambda one: not one.run):
        yield from _of_runfile(fetched, seen)
    for wanted in ground.part.packages():
        if wanted.manager == "conda":
            yield from _of_conda(wanted)


def compilers(ground: Ground) -> list[Toolkit]:
    """The releases whose nvcc compiles in a part: those of its image, and those that it brings."""
    held = [
        Toolkit(image.cuda, images.shown(image.image.name), image.image.at, compiles=True)
        for image in ground.images
        if image.cuda and image.holds_compiler
    ]
    brought = [one for one in toolkits(ground) if one.compiles]
    return [one for one in (*held, *brought) if one.cuda in ground.facts.cuda]


def _of_system(package: SystemPackage) -> Iterator[Toolkit]:
    if match := _PACKAGE.fullmatch(package.name):
        compiles = match[1] not in _LIBRARIES
        cuda = f"{match[2]}.{match[3]}"
        written = f"cuda{match[1] or '-toolkit'}-{{}}"
        yield Toolkit(cuda, package.name, package.at, package.conditional, compiles, written)
    elif package.name in {"cuda", "cuda-toolkit"} and (match := _PINNED.match(package.version)):
        what, written = f"{package.name}={package.version}", "cuda-toolkit-{}"
        yield Toolkit(match[1], what, package.at, package.conditional, True, written)


def _of_runfile(fetched: Fetched, seen: set[str]) -> Iterator[Toolkit]:
    """An installer that is run, or fetched to be run under another name."""
    name = fetched.name.rpartition("/")[2]
    match = _RUNFILE.fullmatch(name)
    if match and name not in seen:
        seen.add(name)
        yield Toolkit(match[1], name, fetched.at, compiles=True)


def _of_conda(wanted: Package) -> Iterator[Toolkit]:
    match = _MINOR.fullmatch(wanted.specifier)
    label = next((found for one in wanted.channels if (found := _LABEL.fullmatch(one))), None)
    compiles = wanted.name in _COMPILE
    if match and wanted.name in _CONDA:
        what = f"{wanted.name} {match[1]}"
        written = f"{wanted.name}={{}}"
        yield Toolkit(match[1], what, wanted.at, wanted.conditional, compiles, written)
    elif label and wanted.name in _LABELLED:
        what = f"{wanted.name} of {label[0]}"
        yield Toolkit(label[1], what, wanted.at, wanted.conditional, compiles)


def _driver(ground: Ground, toolkit: Toolkit) -> Iterator[Flaw]:
    floor = ground.facts.floor_of(toolkit.cuda)
    if not ground.gpus or floor is None or driver_runs(ground, toolkit.cuda):
        return
    yield Flaw(
        reference="driver-too-old",
        severity="error",
        message=f"{toolkit.what} brings CUDA {toolkit.cuda}, which needs driver {floor} or later,"
        f" and {ground.driver_told()}.",
        places=(toolkit.at,),
        evidence=(ground.facts.cuda[toolkit.cuda].evidence,),
        fix=(
            *_newest(ground, toolkit),
            *_through_package(ground, toolkit.cuda),
            f"or install driver {floor} or later",
        ),
    )


def _through_package(ground: Ground, cuda: str) -> Iterator[str]:
    """A data-centre GPU runs it on an older driver too, with NVIDIA's package."""
    if runs_through_package(ground.facts, cuda):
        package = f"cuda-compat-{cuda.replace('.', '-')}"
        yield (
            f"or install {package} beside it, with /usr/local/cuda-{cuda}/compat first in"
            " LD_LIBRARY_PATH: NVIDIA supports that on data-centre GPUs with this driver"
        )


def _gpu(ground: Ground, toolkit: Toolkit) -> Iterator[Flaw]:
    missing = unserved(ground, toolkit.cuda) if toolkit.compiles else None
    if missing:
        yield Flaw(
            reference="gpu-unsupported",
            severity="warning",
            message=f"{toolkit.what} brings CUDA {toolkit.cuda}, which makes no code for"
            f" {missing.gpu}.",
            places=(toolkit.at,),
            evidence=(missing.evidence,),
            fix=tuple(_newest(ground, toolkit)),
        )


def _newest(ground: Ground, toolkit: Toolkit) -> Iterator[str]:
    """The newest release that fits, as it is written in the place of the one that does not."""
    name = toolkit.written.removesuffix("={}").removesuffix("-{}")
    is_conda = toolkit.written.endswith("={}")
    among = in_conda(ground, name) if is_conda else in_repository(ground)
    cuda = newest_fitting(ground, among=among) if toolkit.written else None
    if cuda:
        if is_conda:
            yield written.conda(ground.remedy.output.kind, name, cuda)
        else:
            yield toolkit.written.format(cuda.replace(".", "-"))
    elif cuda := newest_fitting(ground):
        yield f"CUDA {cuda} is the newest that fits"
