"""The catalog brought up to date: ask the world, say what is new, and write it where it belongs.

Nothing is taken away: a release that an index no longer lists may still be on another one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from provisioner.catalog import sheets
from provisioner.catalog.contents import contents_of
from provisioner.catalog.dump import dump, header_of
from provisioner.catalog.load import Catalog
from provisioner.catalog.overlay import overlay_of
from provisioner.catalog.rows import Build, Library
from provisioner.catalog.upkeep_rows import Project
from provisioner.download import Bill, Web
from provisioner.errors import OutsideError, UsageError
from provisioner.upkeep import debian, frameworks, libraries, pci_ids, tools
from provisioner.upkeep.measurements import Measurements
from provisioner.upkeep.news import News, news
from provisioner.upkeep.package_index import PackageIndex, address
from provisioner.upkeep.survey import Look, Survey, Told, Trouble, refused

SUBJECTS = ("frameworks", "cudnn", "cuda", "gpus", "tools")
"""What can be asked for as a whole."""
DAILY = ("frameworks", "cudnn", "tools")
"""What is asked for when nothing is named: ``cuda`` runs compilers that it fetches, and ``gpus``
asks a mirror of Debian."""
_COMPILER = "nvcc"
_ALIASES = {"pytorch": "torch"}

Rows = dict[sheets.Sheet, list[msgspec.Struct]]


class Refreshed(msgspec.Struct, frozen=True, kw_only=True):
    """What a refresh found."""

    news: tuple[News, ...]
    troubles: tuple[Trouble, ...]
    wheels_read: int
    bill: Bill
    rows: Rows
    """The sheets that change, whole."""


class Asked(msgspec.Struct, frozen=True):
    """The subjects and projects that words name."""

    projects: tuple[Project, ...]
    subjects: frozenset[str]


class _Found(msgspec.Struct):
    """What was gathered so far."""

    rows: Rows = {}
    troubles: list[Trouble] = []
    wheels_read: int = 0

    def add(self, rows: Rows, survey: Survey) -> None:
        self.rows |= rows
        self.troubles += survey.troubles
        self.wheels_read += survey.wheels_read


def asked_for(
    words: Sequence[str], projects: Iterable[Project], *, default: Sequence[str]
) -> Asked:
    """Read the words of a refresh. Raises UsageError ``unknown-subject``."""
    by_name = {project.name: project for project in projects}
    named: dict[str, Project] = {}
    subjects = set()
    for word in words or default:
        name = _ALIASES.get(word, word)
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
    found = _Found()
    builds = [project for project in asked.projects if project.holds != "libraries"]
    if builds:
        made, survey = frameworks.refreshed(look, builds)
        found.add({sheet: list(rows) for sheet, rows in made.items()}, survey)
    wheels = [project for project in asked.projects if project.holds == "libraries"]
    if wheels:
        libs, survey = libraries.refreshed(look, wheels)
        found.add({sheets.LIBRARIES: list(libs)}, survey)
    _cuda(catalog, asked, index, found, day)
    _others(catalog, asked, index, found, day)
    return _compared(catalog, found, web.bill)


def _cuda(catalog: Catalog, asked: Asked, index: PackageIndex, found: _Found, day: str) -> None:
    """CUDA releases: from their compilers when asked for, else those that builds name anew."""
    if any(_COMPILER in project.name for project in asked.projects):
        libs = [row for row in found.rows[sheets.LIBRARIES] if isinstance(row, Library)]
        rows, troubles = libraries.cuda_refreshed(catalog, libs, index, day)
        found.troubles += troubles
    else:
        builds = (row for listed in found.rows.values() for row in listed)
        named = {row.cuda for row in builds if isinstance(row, Build) and row.cuda}
        rows = libraries.with_named(catalog.cuda, named, day)
        missing = sorted(named - {row.version for row in rows})
        found.troubles += [libraries.unknown_floor(v) for v in missing if "." in v]
    found.rows[sheets.CUDA] = list(rows)


def _others(catalog: Catalog, asked: Asked, index: PackageIndex, found: _Found, day: str) -> None:
    def newest_tools() -> Rows:
        return {sheets.TOOLS: list(tools.refreshed(index, catalog.tools, day))}

    def newest_gpus() -> Rows:
        text = debian.newest_pci_ids(index.web.whole)
        fresh = pci_ids.with_news(catalog, pci_ids.news(text, catalog, day))
        return {sheet: list(rows) for sheet, rows in fresh.items()}

    answered = bool(asked.projects)
    errors = []
    for subject, ask in (("tools", newest_tools), ("gpus", newest_gpus)):
        if subject in asked.subjects:
            try:
                found.rows |= ask()
                answered = True
            except OutsideError as error:
                errors.append(error)
                found.troubles.append(Trouble(subject, error.reference, error.message))
    if errors and not answered:
        raise errors[0]


def _compared(catalog: Catalog, found: _Found, bill: Bill) -> Refreshed:
    """What differs from the catalog, without what no row may say."""
    changed: Rows = {}
    told: list[News] = []
    for sheet, listed in found.rows.items():
        old = catalog.rows_of(sheet)
        good = _good(sheet, old, listed, found)
        items = tuple(news(sheet, old, good))
        if items:
            changed[sheet] = good
            told += items
    return Refreshed(
        news=tuple(told),
        troubles=tuple(sorted(found.troubles, key=lambda item: item.subject)),
        wheels_read=found.wheels_read,
        bill=bill,
        rows=changed,
    )


def _good(
    sheet: sheets.Sheet,
    old: Iterable[msgspec.Struct],
    listed: Iterable[msgspec.Struct],
    found: _Found,
) -> list[msgspec.Struct]:
    """The rows that may be written; where a row may not, the one that stood there stays."""
    key = sheets.identity(sheet)
    standing = {key(row): row for row in old}
    good = []
    for row in listed:
        was = standing.get(key(row))
        wrong = refused(sheet, row) if row != was else []
        found.troubles += wrong
        if not wrong:
            good.append(row)
        elif was is not None:
            good.append(was)
    return good


def texts(catalog: Catalog, rows: Rows) -> dict[str, bytes]:
    """The changed sheets as bytes, by path below the catalog."""
    return {
        sheet.path: dump(sheet, listed, _header(catalog, sheet)) for sheet, listed in rows.items()
    }


def _header(catalog: Catalog, sheet: sheets.Sheet) -> str:
    return header_of(catalog.text_of(sheet)) if sheet.table else ""


def overlaid(catalog: Catalog, rows: Rows) -> bytes:
    """An overlay's bytes: all that differs from what ships with dlsetup, old additions too.

    ``catalog`` has the overlay that lies there now: another refresh may have written since.
    """
    shipped = Catalog(catalog.folder)
    listed = {sheet.path: sheet for sheet in (*sheets.FIXED, *catalog.build_sheets, *rows)}
    changed = {}
    for sheet in listed.values():
        if sheet not in rows and sheet.path not in catalog.overlay.sheets:
            continue
        name = sheets.identity(sheet)
        ours = {name(row): row for row in (*catalog.rows_of(sheet), *rows.get(sheet, ()))}
        known = set(shipped.rows_of(sheet))
        if differing := [row for row in ours.values() if row not in known]:
            changed[sheet] = sorted(differing, key=sheets.order(sheet))
    return overlay_of(changed, contents_of(changed.items()), today())


def today() -> str:
    """The day that fresh rows bear: SOURCE_DATE_EPOCH's where it is set, as in any rebuild."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    now = datetime.fromtimestamp(int(epoch), timezone.utc) if epoch.isdigit() else None
    return (now or datetime.now(timezone.utc)).date().isoformat()
