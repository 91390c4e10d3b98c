"""What was found, held against the catalog: the news, without what no row may say."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime, timezone

import msgspec

from provisioner.catalog import check_builds, check_hardware, sheets
from provisioner.catalog.contents import contents_of
from provisioner.catalog.load import Catalog
from provisioner.catalog.overlay import overlay_of, read_bytes
from provisioner.catalog.problems import called
from provisioner.catalog.rows import Build
from provisioner.download import Bill
from provisioner.upkeep.news import News, news
from provisioner.upkeep.survey import Survey, Trouble, refused

Rows = dict[sheets.Sheet, list[msgspec.Struct]]


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
    good = {
        sheet: _good(sheet, catalog.rows_of(sheet), listed, found)
        for sheet, listed in found.rows.items()
    }
    good = _sound(catalog, good, found)
    changed: Rows = {}
    told: list[News] = []
    for sheet, listed in good.items():
        items = tuple(news(sheet, catalog.rows_of(sheet), listed))
        if items:
            changed[sheet] = listed
            told += items
    return Refreshed(
        news=tuple(told),
        troubles=tuple(sorted(found.troubles, key=lambda item: item.subject)),
        wheels_read=found.wheels_read,
        bill=bill,
        rows=changed,
    )


def _sound(catalog: Catalog, rows: Rows, found: Found) -> Rows:
    """The rows without those that the audit would refuse beside all others: these are told."""
    fresh = {sheet: set(listed) - set(catalog.rows_of(sheet)) for sheet, listed in rows.items()}
    if not any(fresh.values()):
        return rows
    whole = Catalog(catalog.folder, read_bytes(overlaid(catalog, rows)))
    wrong: dict[tuple[str, str], str] = {}
    for look in (check_builds.problems, check_hardware.problems):
        wrong |= {(item.sheet, item.row): item.message for item in look(whole)}
    sound: Rows = {}
    gone: set[tuple[str, str, str]] = set()
    for sheet, listed in rows.items():
        name = sheets.identity(sheet)
        standing = {name(row): row for row in catalog.rows_of(sheet)}
        sound[sheet] = []
        for row in listed:
            message = wrong.get((sheet.path, called(sheet, row))) if row in fresh[sheet] else None
            if message is None:
                sound[sheet].append(row)
                continue
            found.troubles.append(Trouble(called(sheet, row), "bad-row", message))
            if was := standing.get(name(row)):
                sound[sheet].append(was)
            elif isinstance(row, Build):
                gone.add((row.framework, row.version, row.platform))
    # What was announced because of a refused row goes with it.
    return {
        sheet: [row for row in listed if row not in fresh[sheet] or _release(row) not in gone]
        for sheet, listed in sound.items()
    }


def _release(row: msgspec.Struct) -> tuple[str, str, str] | None:
    return (row.framework, row.version, row.platform) if isinstance(row, Build) else None


def _good(
    sheet: sheets.Sheet,
    old: Iterable[msgspec.Struct],
    listed: Iterable[msgspec.Struct],
    found: Found,
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
