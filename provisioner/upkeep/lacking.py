"""What the package index lists and the catalog has no row of. Only index pages are asked.

A release for a platform is one row, and so is what is told: the row that is missing, or a row that
lacks a Python for which a wheel was added since. ``dlsetup catalog refresh`` reads the wheels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from provisioner import resources
from provisioner.catalog import sheets
from provisioner.catalog.load import Catalog
from provisioner.catalog.problems import Problem
from provisioner.catalog.rows import Build
from provisioner.catalog.upkeep_rows import Project
from provisioner.download import Web
from provisioner.errors import OutsideError
from provisioner.upkeep.frameworks import sheet_of
from provisioner.upkeep.package_index import PackageIndex, address
from provisioner.upkeep.releases import Release
from provisioner.upkeep.survey import Told, Trouble, listed_releases

Rows = Mapping[tuple[str, str], msgspec.Struct]
"""The rows of one project, by version and platform."""


class IndexLook:
    """A look that an audit may take: what the index has that the catalog lacks.

    ``failed`` is the error when it did not tell everything: the pages that could not be read, or
    that no tool on this machine names an index.
    """

    def __init__(self, told: Told, index: PackageIndex | None = None) -> None:
        self.failed: OutsideError | None = None
        self._told = told
        self._index = index

    def __call__(self, catalog: Catalog) -> list[Problem]:
        """Ask every project's page; without any answer it gives no problems."""
        try:
            index = self._index or PackageIndex(address(), Web(resources.cache()))
            pythons = [row.version for row in catalog.pythons]
            found, troubles = listed_releases(catalog.projects, pythons, index, self._told)
        except OutsideError as error:
            self.failed = error
            return []
        self.failed = _incomplete(troubles)
        return list(lacking(catalog, found))


def _incomplete(troubles: Sequence[Trouble]) -> OutsideError | None:
    if not troubles:
        return None
    return OutsideError(
        troubles[0].reference,
        "The package index does not tell of every project.",
        context=tuple(f"{item.subject}: {item.message}" for item in troubles),
        hint="What it told of is complete; try again for the rest.",
    )


_VARIANTS = ("default", "source")
"""What an index itself holds of a project; other variants lie elsewhere."""


def lacking(catalog: Catalog, listed: Iterable[Release]) -> Iterator[Problem]:
    """A problem for each listed release without a row, and for each row that lacks a Python.

    Wheels that are known to be broken, which no installer can use, are not missed, nor is what
    its publisher took back.
    """
    projects = {project.name: project for project in catalog.projects}
    broken = {row.wheel for row in catalog.broken}
    rows: dict[str, Rows] = {}
    for release in listed:
        project = projects[release.project]
        if project.name not in rows:
            rows[project.name] = _rows_of(catalog, project)
        if release.yanked or release.samples[0].name in broken:
            continue
        row = rows[project.name].get((release.version, release.platform))
        if message := _missed(release, row):
            remedy = f"dlsetup catalog refresh {project.name} --write"
            called = f"{project.name} {release.version} {release.platform}"
            yield Problem(_sheet(project).path, called, f"{message}; {remedy}")


def _missed(release: Release, row: msgspec.Struct | None) -> str:
    """What the catalog lacks of a release, empty where it lacks nothing."""
    if row is None:
        return "is on the index and has no row"
    if not isinstance(row, Build):  # a library is for any Python
        return ""
    listed = (*release.pythons, *release.unknown_pythons)
    added = [python for python in listed if python not in row.pythons]
    return f"is on the index for Python {', '.join(added)} too" if added else ""


def _sheet(project: Project) -> sheets.Sheet:
    return sheets.LIBRARIES if project.holds == "libraries" else sheet_of(project)


def _rows_of(catalog: Catalog, project: Project) -> Rows:
    if project.holds == "libraries":
        libraries = (row for row in catalog.libraries if row.package == project.name)
        return {(row.version, row.platform): row for row in libraries}
    builds = (row for row in catalog.rows_of(sheet_of(project)) if isinstance(row, Build))
    return {(row.version, row.platform): row for row in builds if row.variant in _VARIANTS}
