"""What was found, held against the catalog: the news, without what no row may say."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from datetime import datetime, timezone

import msgspec

from provisioner.catalog import check_builds, check_fields, check_hardware, sheets
from provisioner.catalog.contents import contents_of
from provisioner.catalog.load import Catalog
from provisioner.catalog.overlay import overlay_of, read_bytes
from provisioner.catalog.problems import called
from provisioner.catalog.rows import Build
from provisioner.download import Bill
from provisioner.upkeep.news import News, news
from provisioner.upkeep.survey import Survey, Trouble

Rows = dict[sheets.Sheet, list[msgspec.Struct]]
Place = tuple[str, str]
"""A sheet's path, and what a row of it is called."""
Release = tuple[str, str, str]
"""Framework, version and platform."""


class Refreshed(msgspec.Struct, frozen=True, kw_only=True):
    """What a refresh found."""

    news: tuple[News, ...]
    troubles: tuple[Trouble, ...]
    wheels_read: int
    bill: Bill
    rows: Rows
    """The sheets that change, whole."""


class Found(msgspec.Struct):
    """What was gathered so far."""

    rows: Rows = {}
    troubles: list[Trouble] = []
    wheels_read: int = 0
    answered: bool = False
    """Whether anything that was asked gave an answer."""

    def add(self, rows: Rows, survey: Survey) -> None:
        """Take in the sheets that a survey made."""
        self.rows |= rows
        self.troubles += survey.troubles
        self.wheels_read += survey.wheels_read


def compared(catalog: Catalog, found: Found, bill: Bill) -> Refreshed:
    """What differs from the catalog, without what no row may say."""
    changed: Rows = {}
    told: list[News] = []
    for sheet, listed in _sound(catalog, found).items():
        items = tuple(news(sheet, catalog.rows_of(sheet), listed))
        if items:
            changed[sheet] = listed
            told += items
    return Refreshed(
        news=tuple(told),
        troubles=tuple(sorted(dict.fromkeys(found.troubles), key=lambda item: item.subject)),
        wheels_read=found.wheels_read,
        bill=bill,
        rows=changed,
    )


def _sound(catalog: Catalog, found: Found) -> Rows:
    """The rows that may be written; where a row may not, the one that stood there stays.

    What is refused is told, and what was announced because of it goes with it.
    """
    fresh = {
        sheet: set(listed) - set(catalog.rows_of(sheet)) for sheet, listed in found.rows.items()
    }
    wrong = _wrong(catalog, found.rows, fresh)
    gone: set[Release | None] = set()
    sound: Rows = {}
    for sheet, listed in found.rows.items():
        name = sheets.identity(sheet)
        standing = {name(row): row for row in catalog.rows_of(sheet)}
        refused = [row for row in listed if row in fresh[sheet] and _place(sheet, row) in wrong]
        for row in refused:
            for message in wrong[_place(sheet, row)]:
                found.troubles.append(Trouble(called(sheet, row), "bad-row", message))
        before = [standing[name(row)] for row in refused if name(row) in standing]
        gone |= {_release(row) for row in refused if name(row) not in standing}
        sound[sheet] = [row for row in listed if row not in refused] + before
    return {
        sheet: [row for row in listed if row not in fresh[sheet] or not _releases(row) & gone]
        for sheet, listed in sound.items()
    }


def _wrong(
    catalog: Catalog, rows: Rows, fresh: Mapping[sheets.Sheet, Collection[msgspec.Struct]]
) -> dict[Place, list[str]]:
    """What the audit has against fresh rows: each by itself, then beside all others."""
    wrong: dict[Place, list[str]] = {}
    for sheet, listed in fresh.items():
        for row in listed:
            if messages := list(check_fields.messages(row)):
                wrong[_place(sheet, row)] = messages
    formed = {
        sheet: [row for row in listed if _place(sheet, row) not in wrong]
        for sheet, listed in rows.items()
    }
    if any(fresh.values()):
        whole = Catalog(catalog.folder, read_bytes(overlaid(catalog, formed)))
        for look in (check_builds.problems, check_hardware.problems):
            for item in look(whole):
                wrong.setdefault((item.sheet, item.row), []).append(item.message)
    return wrong


def _place(sheet: sheets.Sheet, row: msgspec.Struct) -> Place:
    return sheet.path, called(sheet, row)


def _release(row: msgspec.Struct) -> Release | None:
    return (row.framework, row.version, row.platform) if isinstance(row, Build) else None


def _releases(row: msgspec.Struct) -> set[Release | None]:
    """What a row was made of: its own wheel, and one for any platform that it stands on."""
    if not isinstance(row, Build):
        return set()
    own = (row.framework, row.version, row.platform)
    return {own, (row.framework, row.version, sheets.ANY_PLATFORM)}


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
