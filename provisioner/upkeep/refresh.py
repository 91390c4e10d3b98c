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
from provisioner.catalog.dump import dump, header_of
from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Project
from provisioner.download import Bill, Web
from provisioner.errors import OutsideError, UsageError
from provisioner.upkeep import frameworks, libraries, tools
from provisioner.upkeep.measurements import Measurements
from provisioner.upkeep.news import News, news
from provisioner.upkeep.package_index import PackageIndex, address
from provisioner.upkeep.survey import Told, Trouble

SUBJECTS = ("frameworks", "cudnn", "cuda", "tools")
"""What can be asked for as a whole."""
DAILY = ("frameworks", "cudnn", "tools")
"""What is asked for when nothing is named; ``cuda`` runs compilers that it fetches."""
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
    """Ask the index about projects, and compare with what the catalog holds.

    ``cache`` keeps pages and measurements between runs. With ``anew`` the catalog's own rows are
    measured again. Raises OutsideError when nothing could be asked.
    """
    web = Web(cache)
    index = PackageIndex(address(), web)
    measurements = Measurements(cache / "measured" if cache else None)
    day = today()
    found: Rows = {}
    troubles: list[Trouble] = []
    wheels_read = 0
    builds = [project for project in asked.projects if project.holds != "libraries"]
    if builds:
        merged, survey = frameworks.refreshed(
            catalog, builds, index, measurements, anew=anew, day=day, told=told
        )
        found |= {sheet: list(rows) for sheet, rows in merged.items()}
        troubles += survey.troubles
        wheels_read += survey.wheels_read
    wheels = [project for project in asked.projects if project.holds == "libraries"]
    if wheels:
        libs, survey = libraries.refreshed(
            catalog, wheels, index, measurements, anew=anew, day=day, told=told
        )
        found[sheets.LIBRARIES] = list(libs)
        troubles += survey.troubles
        wheels_read += survey.wheels_read
        if any(_COMPILER in project.name for project in wheels):
            rows, more = libraries.cuda_refreshed(catalog, libs, index, day)
            found[sheets.CUDA] = list(rows)
            troubles += more
    if "tools" in asked.subjects:
        try:
            found[sheets.TOOLS] = list(tools.refreshed(index, catalog.tools, day))
        except OutsideError as error:
            troubles.append(Trouble("tools", error.reference, error.message))
    told_news = {
        sheet: tuple(news(sheet, catalog.rows_of(sheet), rows)) for sheet, rows in found.items()
    }
    return Refreshed(
        news=tuple(item for items in told_news.values() for item in items),
        troubles=tuple(sorted(troubles, key=lambda item: item.subject)),
        wheels_read=wheels_read,
        bill=web.bill,
        rows={sheet: rows for sheet, rows in found.items() if told_news[sheet]},
    )


def texts(catalog: Catalog, rows: Rows) -> dict[str, bytes]:
    """The changed sheets as bytes, by path below the catalog."""
    return {
        sheet.path: dump(sheet, listed, _header(catalog, sheet)) for sheet, listed in rows.items()
    }


def _header(catalog: Catalog, sheet: sheets.Sheet) -> str:
    return header_of(catalog.text_of(sheet)) if sheet.table else ""


def today() -> str:
    """The day that fresh rows bear: SOURCE_DATE_EPOCH's where it is set, as in any rebuild."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    now = datetime.fromtimestamp(int(epoch), timezone.utc) if epoch.isdigit() else None
    return (now or datetime.now(timezone.utc)).date().isoformat()
