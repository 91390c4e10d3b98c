"""Everything the index holds of the projects that are measured: wheels read side by side.

A wheel that cannot be read is told and left out; the rest goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Row
from provisioner.catalog.upkeep_rows import Project, Reading
from provisioner.download import CONNECTIONS, NotThereError, Web
from provisioner.errors import OutsideError
from provisioner.upkeep.measurements import Measurements
from provisioner.upkeep.package_index import IndexFile, PackageIndex
from provisioner.upkeep.readings import Measured, cost, measure
from provisioner.upkeep.releases import Release, releases, source_releases
from provisioner.upkeep.side_by_side import side_by_side
from provisioner.upkeep.wheel import opened

_TRIED = 3
_THIS_FILE_ONLY = ("bad-wheel", "hash-differs", "not-on-index")
"""Troubles that another wheel of the release need not have."""

Told = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


class Trouble(msgspec.Struct, frozen=True):
    """Something that could not be read: what, and why."""

    subject: str
    """The project or the wheel."""
    reference: str
    message: str


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: releases, each with what was read of it or with its known row."""

    measured: list[tuple[Release, Measured]]
    listed: list[tuple[Release, Row]]
    troubles: list[Trouble]
    wheels_read: int


class Look(msgspec.Struct, frozen=True):
    """How one refresh looks at the index, and what it need not read again."""

    catalog: Catalog
    index: PackageIndex
    measurements: Measurements
    anew: bool
    """The catalog's own rows do not count."""
    day: str
    """What fresh rows bear."""
    told: Told


def survey(
    look: Look, projects: Sequence[Project], known_row: Callable[[Release], Row | None]
) -> Survey:
    """Look at every release of some projects.

    ``known_row`` is the catalog's row of a release, where it was read from one of its wheels.
    Raises OutsideError when the index does not answer for any of them; KeyboardInterrupt leaves
    what was read in ``look.measurements``.
    """
    pythons = [row.version for row in look.catalog.pythons]
    readings = look.catalog.readings
    broken = {row.wheel for row in look.catalog.broken}
    found, troubles = listed_releases(projects, pythons, look.index, look.told)
    measured: list[tuple[Release, Measured]] = []
    listed: list[tuple[Release, Row]] = []
    to_read: list[Release] = []
    troubles += _unknown_pythons(found)
    sources = {project.name for project in projects if project.source}
    for release in found:
        if release.samples[0].name in broken:
            continue
        if release.project in sources:  # what it needs is told by documents
            measured.append((release, Measured(wheel=release.samples[0].name, size=0)))
            continue
        before = _before(release, _rules(readings, release), look.measurements)
        if before is not None:
            measured.append((release, before))
        elif not look.anew and (row := known_row(release)) is not None:
            listed.append((release, row))
        else:
            to_read.append(release)

    def read(release: Release) -> Measured:
        return _read(look.index.web, release, readings, look.measurements)

    for number, (release, outcome) in enumerate(side_by_side(to_read, read), start=1):
        if isinstance(outcome, Measured):
            measured.append((release, outcome))
        else:
            name = release.samples[0].name
            troubles.append(Trouble(name, outcome.reference, _sentence(outcome)))
        look.told("reading wheels", number, len(to_read))
    return Survey(measured=measured, listed=listed, troubles=troubles, wheels_read=len(to_read))


def listed_releases(
    projects: Sequence[Project], pythons: Sequence[str], index: PackageIndex, told: Told
) -> tuple[list[Release], list[Trouble]]:
    """The releases of some projects as the index lists them, and the pages it does not give.

    Raises OutsideError when it does not answer for any of them; that is taken as said when the
    first few get no answer.
    """
    found: dict[str, list[Release]] = {}
    troubles, errors = [], []
    silent = 0

    def listing(project: Project) -> list[Release]:
        listed = source_releases if project.source else releases
        return [
            release
            for release in listed(project.name, index.files(project.name), pythons)
            if not project.platforms or release.platform in project.platforms
        ]

    for number, (project, outcome) in enumerate(side_by_side(projects, listing), start=1):
        if isinstance(outcome, OutsideError):
            errors.append(outcome)
            troubles.append(Trouble(project.name, outcome.reference, _sentence(outcome)))
            silent += not isinstance(outcome, NotThereError)
            if silent == CONNECTIONS and not found:
                raise outcome
        else:
            found[project.name] = outcome
        told("asking the index", number, len(projects))
    if errors and not found:
        raise errors[0]
    # In the order of the projects, whichever page came first.
    return [release for project in projects for release in found.get(project.name, ())], troubles


def _unknown_pythons(found: Iterable[Release]) -> Iterator[Trouble]:
    """A Python that has wheels and no row is told once for each project."""
    seen = {(release.project, p) for release in found for p in release.unknown_pythons}
    for project, python in sorted(seen):
        told = f"has wheels for Python {python}, which has no row in python.toml"
        yield Trouble(project, "unknown-python", told)


def _rules(readings: Iterable[Reading], release: Release) -> list[Reading]:
    from packaging.specifiers import SpecifierSet

    return [
        row
        for row in readings
        if row.project == release.project and SpecifierSet(row.versions).contains(release.version)
    ]


def _before(
    release: Release, rules: Sequence[Reading], measurements: Measurements
) -> Measured | None:
    found = (measurements.known(file, rules) for file in release.samples)
    return next((measured for measured in found if measured is not None), None)


def _read(
    web: Web, release: Release, readings: Sequence[Reading], measurements: Measurements
) -> Measured:
    """Read one wheel of a release; where it is damaged, the next."""
    rules = _rules(readings, release)
    first: OutsideError | None = None
    for file in release.samples[:_TRIED]:
        outcome = _tried(web, file, rules)
        if isinstance(outcome, Measured):
            measurements.keep(file, rules, outcome)
            return outcome
        first = first or outcome
        if outcome.reference not in _THIS_FILE_ONLY:
            break
    raise first or OutsideError("bad-wheel", f"{release.project} {release.version} has no wheel.")


def _tried(web: Web, file: IndexFile, rules: Sequence[Reading]) -> Measured | OutsideError:
    try:
        with opened(web, file, cost(rules)) as wheel:
            return measure(wheel, rules)
    except OutsideError as error:
        return error


def _sentence(error: OutsideError) -> str:
    return f"{error.message} ({'; '.join(error.context)})" if error.context else error.message
