"""Answers of ``catalog show`` for people: blocks that fit into 80 columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from provisioner.catalog.rows import (
    Architecture,
    Build,
    Cuda,
    DriverBranch,
    DriverPackage,
    GpuModel,
    Row,
)
from provisioner.catalog.words import Profile
from provisioner.cli.catalog import (
    text_drivers,
    text_frameworks,
    text_hardware,
    text_profiles,
)
from provisioner.cli.catalog.layout import wrapped
from provisioner.cli.display import Block
from provisioner.lookup.values import (
    Answer,
    Builds,
    CudaAnswer,
    CudaReleases,
    DriverAnswer,
    DriverBranches,
    GpuAnswer,
    ProfileAnswer,
    Profiles,
    Releases,
)

_INDENT = "    "
_TELLERS: Mapping[type, Callable[[Any], list[Block]]] = {
    Releases: text_frameworks.releases,
    Builds: text_frameworks.builds,
    GpuAnswer: text_hardware.gpu,
    CudaAnswer: text_hardware.cuda,
    CudaReleases: text_hardware.cuda_releases,
    DriverAnswer: text_drivers.driver,
    DriverBranches: text_drivers.driver_branches,
    ProfileAnswer: text_profiles.profile,
    Profiles: text_profiles.profiles,
}


def blocks(answer: Answer) -> list[Block]:
    """The blocks that tell an answer."""
    return _TELLERS[type(answer)](answer)


def evidence_block(answer: Answer) -> Block:
    """What proves each row that an answer rests on; rows with the same proof stand together."""
    proofs: dict[tuple[str, str], list[str]] = {}
    for row in _rows(answer):
        called = proofs.setdefault((row.evidence, row.checked), [])
        if (name := _called(row)) not in called:
            called.append(name)
    lines: list[tuple[str, ...]] = []
    for (evidence, checked), names in proofs.items():
        lines += [(line,) for line in wrapped(", ".join(names))]
        told = f"{evidence} (looked at {checked})"
        lines += [(_INDENT + line,) for line in wrapped(told, less=len(_INDENT))]
    return Block("Evidence", tuple(lines))


def _rows(answer: Answer) -> Iterator[Row | Profile]:
    match answer:
        case Releases():
            yield from (row for release in answer.releases for row in release.builds)
        case Builds():
            yield from (item.build for item in answer.builds)
            yield from answer.cuda_releases
        case GpuAnswer():
            yield from answer.models
            yield from _known(answer.architecture)
            yield from (run.build for run in answer.runs)
            yield from answer.cuda_releases
        case CudaAnswer():
            yield answer.cuda
            yield from answer.architectures
            yield from (row for use in answer.used_by for row in use.builds)
        case CudaReleases():
            yield from answer.releases
        case DriverAnswer():
            yield answer.branch
            yield from answer.architectures
            yield from answer.cuda_releases
            yield from answer.packages
            yield from answer.redirected
        case DriverBranches():
            yield from answer.branches
        case ProfileAnswer():
            yield from _stated((answer.profile,))
        case Profiles():
            yield from _stated(answer.profiles)


def _stated(profiles: Sequence[Profile]) -> list[Profile]:
    """Those that state a fact: the rest is a choice of words and needs no proof."""
    return [row for row in profiles if row.evidence]


def _known(row: Row | None) -> Sequence[Row]:
    return () if row is None else (row,)


def _called(row: Row | Profile) -> str:
    """What a row is called: its place in the matrix, in a few words."""
    match row:
        case Build():
            variant = "" if row.variant == "default" else f" {row.variant}"
            name = f"{row.framework} {row.version}{variant} {row.platform}"
        case GpuModel():
            name = f"{row.vendor}:{row.device}" + (f" {row.subsystem}" if row.subsystem else "")
        case Architecture():
            name = f"{row.name} {row.compute_capability}"
        case Cuda():
            name = f"CUDA {row.version}"
        case DriverBranch():
            name = f"driver {row.branch}"
        case DriverPackage():
            name = f"{row.os} {row.package}"
        case Profile():
            name = f"{row.name}, GPU memory"
        case _:
            name = type(row).__name__
    return name
