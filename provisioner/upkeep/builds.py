"""One release on one platform → one row.

Three sources, in this order: what the wheel says, what the index lists, what only a document says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec

from provisioner.catalog.rows import Build
from provisioner.catalog.sheets import SOURCE, natural
from provisioner.catalog.upkeep_rows import Documented, Project
from provisioner.upkeep.readings import Measured
from provisioner.upkeep.releases import Release, admitted
from provisioner.upkeep.requirements import parsed, requires
from provisioner.version import minor

_CUDNN = re.compile(r"nvidia-cudnn-cu\d+")


class Surroundings(msgspec.Struct, frozen=True):
    """What a row is made in the light of."""

    documented: Sequence[Documented]
    known: Collection[str]
    """The names of all components."""
    partners: Mapping[tuple[str, str, str], Build]
    """Builds that others are built with, by framework, version and platform."""
    day: str


def build(project: Project, release: Release, measured: Measured, around: Surroundings) -> Build:
    """The row of a measured release."""
    notes = [row for row in around.documented if _speaks_of(row, release)]
    needs = _needs(project, release, measured, around, project.extra)
    stated = needs or tuple(text for row in notes for text in row.requires)
    cuda, how = _cuda(
        project, measured, notes, lambda: _partner(project.cuda_of, release, stated, around)
    )
    if project.extra and not cuda:  # nobody asks for the extra then
        needs = _needs(project, release, measured, around, None)
        stated = needs or tuple(text for row in notes for text in row.requires)
    bundles = measured.cuda if len(measured.cuda) > 1 else ()
    is_gpu = bool(cuda or bundles)
    with_extra = bool(cuda and project.extra and _has_extra(measured.requires, project.extra))
    ptx = measured.ptx or tuple(name for row in notes if is_gpu for name in row.ptx)
    members = ", ".join(_short(measured.members)) or "the package index lists it"
    proof = [f"{measured.wheel}: {members}", how]
    proof += [row.evidence for row in notes if _is_used(row, measured, cuda, needs)]
    return Build(
        framework=project.name,
        provides=project.provides,
        version=release.version,
        variant=SOURCE if project.source else "default",
        platform=release.platform,
        pythons=_pythons(release, measured),
        cuda=cuda,
        bundles_cuda=bundles,
        accelerator="rocm" if measured.rocm or project.rocm else None,
        rocm=measured.rocm or project.rocm,
        unknown=("cuda",) if not is_gpu and _has_some_cuda(project, measured) else (),
        cudnn=_cudnn(measured, notes) if cuda else None,
        sass=measured.sass if is_gpu else (),
        ptx=ptx if is_gpu else (),
        code_by_cuda=measured.code_by_cuda,
        requires=stated,
        glibc=release.glibc,
        cpu=tuple(name for row in notes for name in row.cpu),
        extra=project.extra if with_extra else None,
        libraries="bundled" if with_extra or not cuda else project.libraries,
        download_bytes=measured.size or None,
        disk_bytes=measured.unpacked_size or None,
        released=release.released,
        yanked=release.yanked,
        kind="announced" if project.source else "measured",
        evidence="; ".join(dict.fromkeys(filter(None, proof))),
        checked=around.day,
    )


def _needs(
    project: Project,
    release: Release,
    measured: Measured,
    around: Surroundings,
    extra: str | None,
) -> tuple[str, ...]:
    return requires(
        measured.requires,
        platform=release.platform,
        pythons=release.pythons,
        extra=extra,
        known=around.known,
        other_extras=project.holds == "companions" or project.runtime is not None,
    )


def _pythons(release: Release, measured: Measured) -> tuple[str, ...]:
    """The Pythons of a release; where the index leaves it to METADATA, what that admits."""
    if release.tells_pythons or measured.requires_python is None:
        return release.pythons
    return tuple(p for p in release.pythons if admitted(measured.requires_python, p))


def _has_some_cuda(project: Project, measured: Measured) -> bool:
    """Whether a wheel for which no CUDA is known is no build without CUDA all the same."""
    other = measured.no_cuda or measured.rocm or project.rocm
    return not other and (project.gpu or bool(measured.sass or measured.ptx))


def relisted(row: Build, release: Release) -> Build:
    """A known row with what the index lists today: more Pythons may have been added.

    What this index does not tell, and another one did, stays known.
    """
    tells = release.tells_pythons
    return msgspec.structs.replace(
        row,
        pythons=release.pythons if tells else row.pythons,
        glibc=release.glibc,
        released=release.released or row.released,
        yanked=release.yanked,
    )


def is_of(row: Build, release: Release) -> bool:
    """Whether a row was read from one of a release's wheels."""
    wheel = row.evidence.partition(":")[0]
    return row.kind == "measured" and any(file.name == wheel for file in release.files)


def _speaks_of(row: Documented, release: Release) -> bool:
    from packaging.specifiers import SpecifierSet

    machine = release.platform.partition("-")[2]
    return (
        row.framework == release.project
        and (row.machine is None or row.machine == machine)
        and SpecifierSet(row.versions).contains(release.version)
    )


def _is_used(row: Documented, measured: Measured, cuda: str | None, needs: Sequence[str]) -> bool:
    """Whether a document had to say something: its evidence belongs to the row then."""
    return bool(
        row.cpu
        or (row.requires and not needs)
        or (cuda and not measured.cuda and row.cuda == cuda)
        or (cuda and row.cudnn and _cudnn(measured, [row]) == row.cudnn != _cudnn(measured, []))
        or (cuda and row.ptx and not measured.ptx)
    )


def _cuda(
    project: Project,
    measured: Measured,
    notes: Sequence[Documented],
    partner: Callable[[], Build | None],
) -> tuple[str | None, str]:
    """The CUDA of a build, and how it is known where the wheel does not say."""
    if measured.cuda:
        return (minor(measured.cuda[0]) if len(measured.cuda) == 1 else None), ""
    if measured.no_cuda or measured.rocm or project.rocm:
        return None, ""
    for row in notes:
        if row.cuda:
            return row.cuda, ""
    if project.cuda:
        return project.cuda, ""
    if (measured.sass or measured.ptx) and (other := partner()) and other.cuda:
        return other.cuda, f"CUDA: as {other.framework} {other.version}"
    return None, ""


def _partner(
    framework: str | None, release: Release, stated: Sequence[str], around: Surroundings
) -> Build | None:
    """The build of the framework that a release names first in its range; None of no framework."""
    for requirement in parsed(stated):
        if requirement.name == framework:
            named = [item.version.removesuffix(".*") for item in requirement.specifier]
            for version in sorted(named, key=natural):
                found = around.partners.get((framework, version, release.platform))
                if found:
                    return found
    return None


def _cudnn(measured: Measured, notes: Sequence[Documented]) -> str | None:
    """cuDNN as exactly as it is known: its pin, its lower bound, a document, the wheel's major."""
    for requirement in parsed(measured.requires):
        if _CUDNN.fullmatch(requirement.name):
            exact = [s.version for s in requirement.specifier if s.operator == "=="]
            lowest = [minor(s.version) for s in requirement.specifier if s.operator == ">="]
            if exact or lowest:
                return (exact or lowest)[0]
    for row in notes:
        same = measured.cudnn is None or (row.cudnn or "").split(".")[0] == measured.cudnn
        if row.cudnn and same:
            return row.cudnn
    return measured.cudnn


def _has_extra(stated: Iterable[str], extras: str) -> bool:
    """Whether some requirement belongs to one of these extras, ``cuda,cudnn``."""
    markers = [str(requirement.marker) for requirement in parsed(stated)]
    return any(f'extra == "{name}"' in marker for name in extras.split(",") for marker in markers)


def _short(members: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(member.rpartition("/")[2] for member in members))
