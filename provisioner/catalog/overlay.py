"""A user's own additions to the catalog: one file of rows, laid over those that ship with dlsetup.

``dlsetup catalog refresh --write`` makes it, so that a release of today is known today; the
installed package is never changed. A newer dlsetup that knows a row better goes before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from provisioner.catalog.contents import Contents
from provisioner.catalog.sheets import Sheet, identity, order
from provisioner.errors import BadDataError

SCHEMA = 1
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Overlay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows by the path of their sheet, each as it would stand there."""

    schema: int = SCHEMA
    made: str = ""
    """The day it was made."""
    contents: Contents | None = None
    """What the build sheets among them hold."""
    sheets: Mapping[str, tuple[msgspec.Raw, ...]] = {}

    def names_in(self, folder: str) -> set[str]:
        """The sheets of builds below a folder that it has rows of."""
        listed = (path.partition("/") for path in self.sheets)
        return {rest.partition(".")[0] for below, _, rest in listed if below == folder}

    def over(
        self, sheet: Sheet, standing: tuple[msgspec.Struct, ...]
    ) -> tuple[msgspec.Struct, ...]:
        """A sheet's rows with those of the overlay: of two with one key the newer one counts.

        Raises BadDataError ``bad-overlay``.
        """
        if sheet.path not in self.sheets:
            return standing
        name = identity(sheet)
        found = {name(row): row for row in standing}
        for row in self._rows(sheet):
            old = found.get(name(row))
            if old is None or _day(row) >= _day(old):
                found[name(row)] = row
        return tuple(sorted(found.values(), key=order(sheet)))

    def _rows(self, sheet: Sheet) -> list[msgspec.Struct]:
        decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(sheet.row)
        try:
            return [decoder.decode(raw) for raw in self.sheets[sheet.path]]
        except _UNREADABLE as error:
            raise damaged(f"{sheet.path}: {error}") from None


NOTHING = Overlay()


def read_overlay(path: Path | None) -> Overlay:
    """The overlay in a file; empty where there is none. Raises BadDataError ``bad-overlay``."""
    if path is None:
        return NOTHING
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return NOTHING
    except OSError as error:
        raise damaged(f"{path}: {error.strerror}") from None
    return read_bytes(text)


def read_bytes(text: bytes) -> Overlay:
    """An overlay from its bytes. Raises BadDataError ``bad-overlay``."""
    try:
        found = msgspec.json.decode(text, type=Overlay)
    except _UNREADABLE as error:
        raise damaged(str(error)) from None
    if found.schema != SCHEMA:
        raise damaged(f"schema {found.schema}, this dlsetup reads {SCHEMA}")
    return found


def overlay_of(
    changed: Mapping[Sheet, Iterable[msgspec.Struct]], contents: Contents, made: str
) -> bytes:
    """Rows as an overlay's bytes."""
    rows = {
        sheet.path: tuple(msgspec.Raw(msgspec.json.encode(row)) for row in listed)
        for sheet, listed in sorted(changed.items(), key=lambda pair: pair[0].path)
    }
    document = Overlay(made=made, contents=contents, sheets=rows)
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def damaged(reason: str) -> BadDataError:
    """The error for an overlay that cannot be read."""
    return BadDataError(
        "bad-overlay",
        "Your overlay of the catalog cannot be read.",
        context=(reason,),
        hint="Drop it with: dlsetup catalog overlay --drop; then refresh the catalog again",
    )


def _day(row: msgspec.Struct) -> str:
    return str(getattr(row, "checked", ""))
