"""What an audit finds, and how a row is called when it is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from provisioner.catalog import sheets
from provisioner.catalog.load import Catalog

Listed = tuple[sheets.Sheet, msgspec.Struct]


class Problem(msgspec.Struct, frozen=True):
    """Something wrong with one row of one sheet; as text it is one sentence."""

    sheet: str
    """The sheet's path below the catalog."""
    row: str
    """The key of the row, or the line where it cannot be read; empty: the sheet as a whole."""
    message: str

    def __str__(self) -> str:
        place = f"{self.sheet}, {self.row}" if self.row else self.sheet
        return f"{place}: {self.message}"


def found_in(sheet: sheets.Sheet, row: msgspec.Struct, messages: Iterable[str]) -> list[Problem]:
    """Problems of one row, a message each."""
    return [Problem(sheet.path, called(sheet, row), message) for message in messages]


def called(sheet: sheets.Sheet, row: msgspec.Struct) -> str:
    """What a person calls a row: its key fields."""
    fields = sheet.key or ("framework", "requirement", "reference", "name", "project", "fact")
    return " ".join(str(value) for field in fields if (value := getattr(row, field, None)))


def rows_of(catalog: Catalog, *listed: sheets.Sheet) -> Iterator[Listed]:
    """The rows of some sheets, each with its sheet."""
    for sheet in listed:
        for row in catalog.rows_of(sheet):
            yield sheet, row
