"""CUDA's libraries and compilers as wheels: cuDNN, nvcc; and what new ones say of CUDA itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from provisioner.catalog import sheets
from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Cuda, Library, PerSystem
from provisioner.catalog.sheets import natural
from provisioner.catalog.upkeep_rows import Documented, Project
from provisioner.errors import OutsideError
from provisioner.upkeep.package_index import PackageIndex
from provisioner.upkeep.readings import Measured
from provisioner.upkeep.releases import Release, parts_of
from provisioner.upkeep.survey import Look, Survey, Trouble, survey
from provisioner.version import is_dotted, minor

_TOOLKIT, _COMPILER = "cuda-toolkit", "nvcc"
Key = tuple[str, str, str]


def refreshed(look: Look, projects: Sequence[Project]) -> tuple[list[Library], Survey]:
    """The sheet of libraries as it should be, and the survey it rests on."""
    rows = {_key(row): row for row in look.catalog.libraries if row.via == "pip"}
    by_name = {project.name: project for project in projects}

    def known_row(release: Release) -> Library | None:
        return rows.get((release.project, release.version, release.platform))

    found = survey(look, projects, known_row)
    for release, measured in found.measured:
        if not (measured.sass or measured.ptx) and not by_name[release.project].cuda:
            continue  # a compiler for another system, which cannot be asked here
        row = _library(
            by_name[release.project], release, measured, look.catalog.documented, look.day
        )
        was = rows.get(_key(row))
        if was is None or msgspec.structs.replace(was, checked=row.checked) != row:
            rows[_key(row)] = row
    return list(rows.values()), found


def _key(row: Library) -> Key:
    return row.package, row.version, row.platform


def _library(
    project: Project,
    release: Release,
    measured: Measured,
    documented: Iterable[Documented],
    day: str,
) -> Library:
    floor = next((row for row in documented if _gives_floor(row, release)), None)
    # The compiler accepts each target by itself; a library holds a specific one in place of it.
    compiler = _COMPILER in project.name
    specific = () if compiler else tuple(name for name in measured.sass if name[-1] in "af")
    members = [member.rpartition("/")[2] for member in measured.members if "METADATA" not in member]
    proof = f"{measured.wheel}: {', '.join(members) or 'METADATA, binaries not read'}"
    return Library(
        package=release.project,
        version=release.version,
        platform=release.platform,
        cuda=project.cuda or minor(release.version),
        sass=tuple(name.rstrip("af") if name in specific else name for name in measured.sass),
        ptx=measured.ptx,
        specific=specific,
        driver_floor=floor.driver_floor if floor else None,
        kind="measured",
        evidence=f"{proof}; driver: {floor.evidence}" if floor else proof,
        checked=day,
    )


def _gives_floor(row: Documented, release: Release) -> bool:
    from packaging.specifiers import SpecifierSet

    return (
        row.driver_floor is not None
        and row.framework == release.project
        and SpecifierSet(row.versions).contains(release.version)
    )


def cuda_refreshed(
    catalog: Catalog, libraries: Iterable[Library], index: PackageIndex, day: str
) -> tuple[list[Cuda], list[Trouble]]:
    """CUDA releases with what their newest compiler accepts and the toolkits the index lists.

    A minor release of a known major has that one's floor: minor-version compatibility is stated
    for a major release as a whole. Its own driver is not known until somebody reads it.
    """
    troubles = []
    try:
        toolkits = _toolkits(index)
    except OutsideError as error:
        toolkits = {}
        troubles.append(Trouble(_TOOLKIT, error.reference, error.message))
    rows = {row.version: row for row in catalog.cuda}
    for version, compiler in _compilers(libraries).items():
        was = rows.get(version)
        base = was or _of_known_major(version, catalog.cuda, day)
        if base is None:
            troubles.append(unknown_floor(version))
            continue
        known = set(base.architectures) == set(compiler.sass)
        source = f"architectures: ptxas of {compiler.evidence.partition(':')[0]}"
        rows[version] = msgspec.structs.replace(
            base,
            architectures=base.architectures if known else compiler.sass,
            toolkits=tuple(sorted({*base.toolkits, *toolkits.get(version, ())}, key=natural)),
            evidence=base.evidence if known else _with_source(base.evidence, source),
        )
        if was is not None and rows[version] != was:
            rows[version] = msgspec.structs.replace(rows[version], checked=day)
    return list(rows.values()), troubles


def unknown_floor(version: str) -> Trouble:
    """What is told of a CUDA that no row can be made for."""
    told = "it is of a new major release, whose driver floor nobody has entered yet"
    return Trouble(f"CUDA {version}", "unknown-floor", told)


def with_named(known: Sequence[Cuda], named: Iterable[str], day: str) -> list[Cuda]:
    """CUDA releases, with a row for each minor release of a known major that builds name anew."""
    have = {row.version for row in known}
    missing = (version for version in sorted(named) if "." in version and version not in have)
    made = (_of_known_major(version, known, day) for version in missing)
    return [*known, *(row for row in made if row is not None)]


def _compilers(libraries: Iterable[Library]) -> dict[str, Library]:
    """The newest compiler of each minor release."""
    found: dict[str, Library] = {}
    for row in sorted(libraries, key=sheets.order(sheets.LIBRARIES)):
        if _COMPILER in row.package and row.sass:
            found[row.cuda] = row
    return found


def _of_known_major(version: str, known: Iterable[Cuda], day: str) -> Cuda | None:
    major = version.partition(".")[0]
    same = [row for row in known if row.version.partition(".")[0] == major]
    floors = {(row.driver_floor.linux, row.driver_floor.windows) for row in same}
    if len(floors) != 1:
        return None
    return Cuda(
        version=version,
        driver_floor=same[-1].driver_floor,
        driver_bundled=PerSystem(),
        evidence=f"{same[-1].evidence.partition('; ')[0]}; bundled driver not known",
        checked=day,
    )


def _with_source(evidence: str, source: str) -> str:
    parts = [part for part in evidence.split("; ") if not part.startswith("architectures:")]
    return "; ".join((*parts, source))


def _toolkits(index: PackageIndex) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for file in index.files(_TOOLKIT):
        parts = parts_of(file.name)
        if parts and is_dotted(parts[1]) and not file.yanked:
            found.setdefault(minor(parts[1]), set()).add(parts[1])
    return found
