"""The catalog brought up to date: ask the world, say what is new, and write it where it belongs.

Nothing is taken away: a release that an index no longer lists may still be on another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from provisioner.catalog import sheets
from provisioner.catalog.dump import dump, header_of
from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Build, Library
from provisioner.catalog.upkeep_rows import Project
from provisioner.download import Web
from provisioner.errors import OutsideError, UsageError
from provisioner.request import canonical
from provisioner.upkeep import debian, frameworks, libraries, pci_ids, toolkits, tools
from provisioner.upkeep.comparing import Found, Refreshed, Rows, compared, today
from provisioner.upkeep.measurements import Measurements
from provisioner.upkeep.package_index import PackageIndex, address
from provisioner.upkeep.survey import Look, Told, Trouble

SUBJECTS = ("frameworks", "cudnn", "cuda", "gpus", "tools")
"""What can be asked for as a whole."""
DAILY = ("frameworks", "cudnn", "tools")
"""What is asked for when nothing is named: ``cuda`` runs compilers that it fetches, and ``gpus``
asks a mirror of Debian."""
_COMPILER = "nvcc"
_SILENT, _OF_DEBIAN = "index-unreachable", "gpus"


class Asked(msgspec.Struct, frozen=True):
    """The subjects and projects that words name."""

    projects: tuple[Project, ...]
    subjects: frozenset[str]


def asked_for(
    words: Sequence[str], projects: Iterable[Project], *, default: Sequence[str]
) -> Asked:
    """Read the words of a refresh. Raises UsageError ``unknown-subject``."""
    by_name = {project.name: project for project in projects}
    named: dict[str, Project] = {}
    subjects = set()
    for word in words or default:
        name = canonical(word)
        if name in SUBJECTS:
            subjects.add(name)
        elif name in by_name:
            named[name] = by_name[name]
        else:
            raise UsageError(
                "unknown-subject",
                f"The catalog does not know a subject or project called {word[:80]!r}.",
                hint=f"Say one of {', '.join(SUBJECTS)}, or a project such as torch or jaxlib.",
            )
    for project in by_name.values():
        if _subject_of(project) in subjects:
            named[project.name] = project
    return Asked(tuple(named.values()), frozenset(subjects))


def _subject_of(project: Project) -> str:
    if project.holds != "libraries":
        return "frameworks"
    return "cuda" if _COMPILER in project.name else "cudnn"


def refresh(
    catalog: Catalog, asked: Asked, cache: Path | None, *, anew: bool, told: Told
) -> Refreshed:
    """Ask the world about projects and subjects, and compare with what the catalog holds.

    ``cache`` keeps pages and measurements between runs. With ``anew`` the catalog's own rows are
    measured again. Raises OutsideError when the index does not answer at all.
    """
    web = Web(cache)
    index = PackageIndex(address(), web)
    measurements = Measurements(cache / "measured" if cache else None)
    day = today()
    look = Look(catalog, index, measurements, anew, day, told)
    found = Found()
    errors: list[OutsideError] = []
    for subject, ask in _questions(look, asked, found):
        if any(error.reference == _SILENT for error in errors) and subject != _OF_DEBIAN:
            continue  # an index that does not answer is not waited for again
        if error := _failed(ask):
            errors.append(error)
            found.troubles.append(Trouble(subject, error.reference, error.message))
        else:
            found.answered = True
    if errors and not found.answered:
        raise errors[0]
    return compared(catalog, found, web.bill)


def _failed(ask: Callable[[], None]) -> OutsideError | None:
    try:
        ask()
    except OutsideError as error:
        return error
    return None


def _questions(look: Look, asked: Asked, found: Found) -> Iterator[tuple[str, Callable[[], None]]]:
    """What is asked for, each subject with what asks for it; an answer goes into ``found``."""
    builds = [project for project in asked.projects if project.holds != "libraries"]
    wheels = [project for project in asked.projects if project.holds == "libraries"]

    def measured_builds() -> None:
        made, survey = frameworks.refreshed(look, builds)
        found.add({sheet: list(rows) for sheet, rows in made.items()}, survey)

    def measured_libraries() -> None:
        libs, survey = libraries.refreshed(look, wheels)
        found.add({sheets.LIBRARIES: list(libs)}, survey)

    def newest_tools() -> None:
        found.rows[sheets.TOOLS] = list(tools.refreshed(look.index, look.catalog.tools, look.day))

    def newest_gpus() -> None:
        text = debian.newest_pci_ids(look.index.web.whole)
        fresh = pci_ids.with_news(look.catalog, pci_ids.news(text, look.catalog, look.day))
        found.rows |= {sheet: list(rows) for sheet, rows in fresh.items()}

    if builds:
        yield "frameworks", measured_builds
    if wheels:
        yield "cudnn and cuda", measured_libraries
    # Gone on with only after the answers before: what nobody answered says nothing of CUDA.
    if found.answered:
        yield "CUDA releases", lambda: _cuda(look, asked, found)
    if "tools" in asked.subjects:
        yield "tools", newest_tools
    if "gpus" in asked.subjects:
        yield _OF_DEBIAN, newest_gpus


def _cuda(look: Look, asked: Asked, found: Found) -> None:
    """CUDA releases: from their compilers when asked for, else those that builds name anew."""
    known = look.catalog.cuda
    if any(_COMPILER in project.name for project in asked.projects):
        libs = [row for row in found.rows.get(sheets.LIBRARIES, ()) if isinstance(row, Library)]
        rows, troubles = libraries.cuda_refreshed(look.catalog, libs, look.index, look.day)
        made, more = toolkits.refreshed(look.catalog.toolkits, look.index, look.day)
        found.rows[sheets.TOOLKITS] = list(made)
        found.troubles += [*troubles, *more]
    else:
        builds = (row for listed in found.rows.values() for row in listed)
        named = {row.cuda for row in builds if isinstance(row, Build) and row.cuda}
        rows = libraries.with_named(known, named, look.day)
        missing = sorted(named - {row.version for row in rows})
        found.troubles += [libraries.unknown_floor(v) for v in missing if "." in v]
    found.rows[sheets.CUDA] = list(rows)


def texts(catalog: Catalog, rows: Rows) -> dict[str, bytes]:
    """The changed sheets as bytes, by path below the catalog."""
    return {
        sheet.path: dump(sheet, listed, _header(catalog, sheet)) for sheet, listed in rows.items()
    }


def _header(catalog: Catalog, sheet: sheets.Sheet) -> str:
    return header_of(catalog.text_of(sheet)) if sheet.table else ""
