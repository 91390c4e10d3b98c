"""CUDA releases on one machine: whether the driver runs one, and what its nvcc knows."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from provisioner.check.ground import Ground
from provisioner.resolve.forward_compatibility import runs_through_package
from provisioner.resolve.serving import serve
from provisioner.version import at_least, minor


class Missing(NamedTuple):
    """A GPU that a CUDA release makes no machine code for."""

    gpu: str
    """``NVIDIA GeForce RTX 5090 (12.0)``."""
    evidence: str


class Targets(NamedTuple):
    """What the nvcc of a CUDA release makes machine code for."""

    names: tuple[str, ...]
    """``sm_86``; empty where nobody knows."""
    is_read: bool = False
    """Its ptxas was run; else they follow from when each architecture came and went."""


def targets(ground: Ground, cuda: str) -> Targets:
    """Return what the nvcc of a CUDA release knows."""
    row = ground.facts.cuda.get(minor(cuda))
    if row is None:
        return Targets(())
    if row.architectures:
        return Targets(row.architectures, is_read=True)
    return Targets(
        tuple(
            f"sm_{one.compute_capability.replace('.', '')}"
            for one in ground.facts.architectures.values()
            if one.first_cuda
            and at_least(row.version, one.first_cuda)
            and (one.last_cuda is None or at_least(one.last_cuda, row.version))
        )
    )


def unserved(ground: Ground, cuda: str) -> Missing | None:
    """A GPU that a CUDA release makes no machine code for; None also where nobody knows."""
    known = targets(ground, cuda)
    for gpu in ground.gpus if known.names else ():
        capability = gpu.compute_capability or ""
        if serve(gpu.name, capability, known.names, (), ground.facts.tegra) is None:
            row = ground.facts.cuda[minor(cuda)]
            here = ground.facts.architectures.get(capability)
            evidence = row.evidence if known.is_read or here is None else here.evidence
            return Missing(f"{gpu.name} ({capability})", evidence)
    return None


def knows(ground: Ground, cuda: str, target: str) -> bool:
    """Whether an nvcc takes a target, ``sm_90a`` or ``compute_90``; True where nobody knows."""
    names = targets(ground, cuda).names
    return not names or f"sm_{target.partition('_')[2]}" in names


def first_with(ground: Ground, target: str) -> str | None:
    """The first CUDA release whose nvcc takes a target; None for one that nobody knows."""
    return next(
        (
            row.version
            for row in ground.catalog.cuda
            if f"sm_{target.partition('_')[2]}" in targets(ground, row.version).names
        ),
        None,
    )


def driver_runs(ground: Ground, cuda: str, *, packaged: bool = False) -> bool:
    """Whether the driver runs a CUDA release.

    ``packaged``: also through NVIDIA's package for forward compatibility, which its images hold.
    True where nobody knows what it needs.
    """
    floor = ground.facts.floor_of(cuda)
    if floor is None or not ground.drivers or ground.driver_reaches(floor):
        return True
    return packaged and runs_through_package(ground.facts, cuda)


def fits(ground: Ground, cuda: str, *, packaged: bool = False) -> bool:
    """Whether driver and GPUs are known to take a CUDA release; True without a GPU."""
    if not ground.gpus:
        return True
    return (
        bool(targets(ground, cuda).names)
        and driver_runs(ground, cuda, packaged=packaged)
        and unserved(ground, cuda) is None
    )


def newest_fitting(
    ground: Ground, least: str = "0", among: Collection[str] | None = None
) -> str | None:
    """The newest CUDA release, of those from ``least`` on, that driver and GPUs take.

    By themselves: what runs only with a package for forward compatibility is none.
    """
    return next(
        (
            row.version
            for row in reversed(ground.catalog.cuda)
            if at_least(row.version, least)
            and (among is None or row.version in among)
            and fits(ground, row.version)
        ),
        None,
    )


def in_repository(ground: Ground) -> frozenset[str]:
    """The CUDA releases that NVIDIA's packages for this system are known to have.

    By its images, which are made of them.
    """
    here = f"{ground.inside.os.id}-{ground.inside.os.version}"
    rows = (*ground.catalog.cuda_images, *ground.catalog.ended_images)
    return frozenset(row.cuda for row in rows if row.cuda and row.os == here)


def in_conda(ground: Ground, package: str) -> frozenset[str]:
    """The CUDA releases that a package of conda's is known to have."""
    rows = (*ground.catalog.libraries, *ground.catalog.other_libraries)
    return frozenset(
        row.cuda for row in rows if row.via == "conda" and row.package == package and row.cuda
    )
