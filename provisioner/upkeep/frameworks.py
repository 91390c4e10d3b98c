"""The sheets of builds, brought up to date with the package index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from provisioner.catalog import sheets
from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Build
from provisioner.catalog.sheets import ANY_PLATFORM
from provisioner.catalog.upkeep_rows import Project
from provisioner.request import parse_wish
from provisioner.upkeep.builds import Surroundings, build, is_of, relisted
from provisioner.upkeep.derived import cpu_variants, measured, pair_variants
from provisioner.upkeep.plugged import plugged
from provisioner.upkeep.releases import Release
from provisioner.upkeep.survey import Look, Survey, survey

Key = tuple[str, str, str, str]
_FOLDERS = {
    "builds": sheets.FRAMEWORKS,
    "companions": sheets.COMPANIONS,
    "accelerators": sheets.ACCELERATORS,
    "unplanned": sheets.UNPLANNED,
}


def refreshed(
    look: Look, projects: Sequence[Project]
) -> tuple[dict[sheets.Sheet, list[Build]], Survey]:
    """The sheets of some projects as they should be, and the survey they rest on.

    Rows that are no measured builds of the project stay as they are, and so does a row whose
    release the index no longer lists.
    """
    catalog = look.catalog
    old = {project.name: _rows(catalog, project) for project in projects}
    by_release = {_key(row): row for listed in old.values() for row in listed}

    def known_row(release: Release) -> Build | None:
        row = by_release.get((release.project, release.version, "default", release.platform))
        return row if row is not None and is_of(row, release) else None

    found = survey(look, projects, known_row)
    fresh = _built(catalog, projects, found, look.day)
    merged = {
        sheet_of(project): _paired(
            _merged(old[project.name], fresh.get(project.name, ())), project.cuda_of
        )
        for project in projects
    }
    together = _put_together(catalog, merged)
    return merged | _derived(catalog, merged) | together, found


def _put_together(
    catalog: Catalog, merged: Mapping[sheets.Sheet, Sequence[Build]]
) -> dict[sheets.Sheet, list[Build]]:
    """The sheets of projects whose code comes in packages beside them."""
    by_name = {project.name: project for project in catalog.projects}

    def builds(name: str) -> Sequence[Build]:
        if name not in by_name or by_name[name].holds == "libraries":
            return ()
        return merged.get(sheet_of(by_name[name]), _rows(catalog, by_name[name]))

    found = {}
    for project in by_name.values():
        if project.runtime is not None:
            sheet = sheets.builds(project.name)
            made = plugged(builds(project.name), project.runtime, builds)
            found[sheet] = _merged(_typed(catalog.rows_of(sheet)), made)
    return found


def _derived(
    catalog: Catalog, merged: Mapping[sheets.Sheet, Sequence[Build]]
) -> dict[sheets.Sheet, list[Build]]:
    """The sheets of PyTorch's own index, with what a new release is known to have there."""

    def wheels(name: str) -> list[Build]:
        sheet = sheets.builds(name)
        return measured(merged.get(sheet, _typed(catalog.rows_of(sheet))), name)

    def index_sheet(name: str, made: Iterable[Build]) -> list[Build]:
        known = _typed(catalog.rows_of(sheets.builds(f"{name}-index")))
        keys = {_key(row) for row in known}
        return [*known, *(row for row in made if _key(row) not in keys)]

    torch = wheels("torch")
    beside = index_sheet("torch", cpu_variants(torch, catalog.index_variants, catalog.addresses))
    found = {sheets.builds("torch-index"): beside}
    for name in sorted({row.name for row in catalog.projects if row.cuda_of}):
        sheet = sheets.builds(f"{name}-index")
        if catalog.rows_of(sheet):
            found[sheet] = index_sheet(name, pair_variants(wheels(name), torch + beside))
    return found


def sheet_of(project: Project) -> sheets.Sheet:
    """The sheet that a project's builds belong into."""
    return sheets.builds(project.name, _FOLDERS[project.holds])


def _rows(catalog: Catalog, project: Project) -> tuple[Build, ...]:
    return _typed(catalog.rows_of(sheet_of(project)))


def _typed(found: Iterable[msgspec.Struct]) -> tuple[Build, ...]:
    return tuple(row for row in found if isinstance(row, Build))


def _key(row: Build) -> Key:
    return row.framework, row.version, row.variant, row.platform


def _built(
    catalog: Catalog, projects: Sequence[Project], found: Survey, day: str
) -> dict[str, list[Build]]:
    by_name = {project.name: project for project in projects}
    partners = {row.cuda_of for row in catalog.projects if row.cuda_of}
    builds = {
        (row.framework, row.version, row.platform): row
        for name in sorted(partners)
        for row in catalog.builds(name)
        if row.variant == "default"
    }
    around = Surroundings(
        documented=catalog.documented,
        known=_binding(catalog),
        partners=builds,
        day=day,
    )
    fresh: dict[str, list[Build]] = {}
    # First those that others are built with.
    for first in (True, False):
        made = [
            build(by_name[release.project], release, told_by_wheel, around)
            for release, told_by_wheel in found.measured
            if (release.project in partners) is first
        ]
        made += [
            relisted(row, release)
            for release, row in found.listed
            if isinstance(row, Build) and (release.project in partners) is first
        ]
        for row in made:
            fresh.setdefault(row.framework, []).append(row)
            builds[row.framework, row.version, row.platform] = row
    return fresh


def _binding(catalog: Catalog) -> set[str]:
    """The packages whose version binds a build that needs them.

    Plain Python whose machine code comes by an extra binds nothing: TensorFlow 2.12 needs jax, and
    not its plugins.
    """
    plain = {row.name for row in catalog.projects if row.runtime}
    return ({row.name for row in catalog.projects} | set(catalog.frameworks)) - plain


def _paired(rows: list[Build], base: str | None) -> list[Build]:
    """Rows that name their base without a version take it from another platform's wheel.

    One release is built from one source against one release of its base.
    """
    told = {
        row.version: (text, row.platform)
        for row in reversed(rows)
        for text in row.requires
        if base is not None and parse_wish(text).name == base and text != base
    }

    def paired(row: Build) -> Build:
        if row.platform == ANY_PLATFORM or base not in row.requires or row.version not in told:
            return row
        text, platform = told[row.version]
        requires = tuple(text if item == base else item for item in row.requires)
        proof = f"{row.evidence}; {base}: as its wheel for {platform} says"
        return msgspec.structs.replace(row, requires=requires, evidence=proof)

    return [paired(row) for row in rows]


def _merged(old: Iterable[Build], fresh: Iterable[Build]) -> list[Build]:
    """Old rows, each replaced by the fresh one of its key; a row keeps its day while it is true."""
    rows = {_key(row): row for row in old}
    for made in fresh:
        row, was = made, rows.get(_key(made))
        if was is not None and row.released is None:
            # An index that does not tell the day does not take it away.
            row = msgspec.structs.replace(row, released=was.released)
        same = was is not None and msgspec.structs.replace(was, checked=row.checked) == row
        if not same:
            rows[_key(row)] = row
    return list(rows.values())
