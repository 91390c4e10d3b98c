"""One sheet's bytes → its rows."""

from __future__ import annotations

from typing import Any

import msgspec

from provisioner import toml
from provisioner.catalog import sheets
from provisioner.errors import BadDataError


def read(sheet: sheets.Sheet, text: bytes) -> tuple[msgspec.Struct, ...]:
    """Decode one sheet. Raises BadDataError ``bad-row`` naming file, line or row, and key."""
    return _read_tables(sheet, text) if sheet.table else _read_lines(sheet, text)


def _read_lines(sheet: sheets.Sheet, text: bytes) -> tuple[msgspec.Struct, ...]:
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(sheet.row)
    try:
        return tuple(decoder.decode_lines(text))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    for number, line in enumerate(text.splitlines(), start=1):
        _decode_line(decoder, line, sheet.path, number)
    raise bad_row(sheet.path, 1, "the lines are not separated as JSON lines are")


def _decode_line(decoder: msgspec.json.Decoder[Any], line: bytes, path: str, number: int) -> None:
    try:
        decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise bad_row(path, number, str(error)) from None


def _read_tables(sheet: sheets.Sheet, text: bytes) -> tuple[msgspec.Struct, ...]:
    try:
        document = toml.parse(text.decode())
    except ValueError as error:
        raise bad_row(sheet.path, None, str(error)) from None
    unknown = set(document) - {sheet.table}
    if unknown:
        raise bad_row(sheet.path, None, f"unknown table {min(unknown)!r}")
    tables = document.get(sheet.table, [])
    if not isinstance(tables, list):
        raise bad_row(sheet.path, None, f"{sheet.table} is not an array of tables")
    return tuple(_convert(sheet, table, number) for number, table in enumerate(tables, start=1))


def _convert(sheet: sheets.Sheet, table: object, number: int) -> msgspec.Struct:
    try:
        return msgspec.convert(table, sheet.row)
    except msgspec.MsgspecError as error:
        raise bad_row(sheet.path, number, str(error), f"[[{sheet.table}]]") from None


def bad_row(path: str, number: int | None, detail: str, unit: str = "line") -> BadDataError:
    """The error for a damaged sheet; ``detail`` carries the key as msgspec writes it."""
    place = f"{path}, {unit} {number}" if number is not None else path
    return BadDataError(
        "bad-row",
        f"A sheet of the catalog is damaged: {place}.",
        context=(detail,),
        hint="Restore the file, or correct the row and run: dlsetup catalog check",
    )
