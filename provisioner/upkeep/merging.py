"""Rows that a source makes, beside rows that stand in a sheet already: which of them go on.

A source owns the rows it can make, and no others: it adds and corrects, and never takes away. A row
that somebody added by hand, or that another source wrote, stays until somebody takes it out.
"""

from __future__ import annotations

from collections.abc import Iterable

from provisioner.catalog import sheets
from provisioner.catalog.rows import Row

_MEASURED = "measured"


def merged(sheet: sheets.Sheet, standing: Iterable[Row], made: Iterable[Row]) -> list[Row]:
    """The rows of a sheet: what a source made, and what it does not own.

    Of two rows with one key the standing one goes on only if it was looked at on a later day, or
    was measured where the new one is announced.
    """
    key = sheets.identity(sheet)
    rows = {key(row): row for row in standing}
    for row in made:
        old = rows.get(key(row))
        if old is None or not _better(old, row):
            rows[key(row)] = row
    return list(rows.values())


def not_made(sheet: sheets.Sheet, standing: Iterable[Row], made: Iterable[Row]) -> list[Row]:
    """The standing rows whose key the source does not make: they stay."""
    key = sheets.identity(sheet)
    own = {key(row) for row in made}
    return [row for row in standing if key(row) not in own]


def _better(old: Row, new: Row) -> bool:
    if old.checked != new.checked:
        return old.checked > new.checked
    kinds = getattr(old, "kind", None), getattr(new, "kind", None)
    return kinds[0] == _MEASURED != kinds[1]
