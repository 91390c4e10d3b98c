"""Where the news of a refresh are kept: in the sheets of a checkout, or in the user's overlay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from provisioner import resources
from provisioner.catalog import sheets
from provisioner.catalog.load import Catalog
from provisioner.catalog.overlay import read_overlay
from provisioner.errors import OutsideError, UsageError
from provisioner.upkeep import refresh, writing
from provisioner.upkeep.comparing import Refreshed, overlaid
from provisioner.upkeep.news import News, news
from provisioner.upkeep.survey import Told


class OverlayShown(msgspec.Struct, frozen=True):
    """A user's own additions to the catalog."""

    path: str
    made: str
    """The day."""
    news: tuple[News, ...]
    """What differs from the catalog that ships with dlsetup."""


class Keeper:
    """The place for news: the sheets that are read, or the user's overlay.

    The overlay is meant for an installed package, which nobody changes, and with ``overlay``.
    Raises UsageError ``bad-usage`` where there can be none.
    """

    def __init__(self, *, overlay: bool = False) -> None:
        meant = overlay or resources.ships_installed()
        self.path: Path | None = resources.overlay() if meant else None
        if meant and self.path is None:
            raise UsageError(
                "bad-usage",
                "There is no place for an overlay.",
                hint="Name a folder in XDG_DATA_HOME; a catalog of your own (DLSETUP_STACKS) has "
                "none: leave --overlay away, and the news go into its sheets",
            )
        # News to the sheets are compared with the sheets alone: an overlay is none of theirs.
        self.catalog = Catalog(resources.stacks(), read_overlay(self.path))

    def refreshed(self, words: Sequence[str], *, anew: bool, told: Told) -> Refreshed:
        """Ask what is published, and compare. Raises UsageError or OutsideError."""
        asked = refresh.asked_for(words, self.catalog.projects, default=refresh.DAILY)
        return refresh.refresh(self.catalog, asked, resources.cache(), anew=anew, told=told)

    def write(self, found: Refreshed) -> str:
        """Write news, and say where to. Raises OutsideError ``cannot-write``."""
        if self.path is not None:
            # Read again: a refresh of something else may have written meanwhile.
            now = Catalog(self.catalog.folder, read_overlay(self.path))
            writing.write_file(self.path, overlaid(now, found.rows))
            return str(self.path)
        folder = self.catalog.folder
        fresh = writing.with_contents(folder, refresh.texts(self.catalog, found.rows))
        changed = writing.changes(folder, fresh)
        writing.write(folder, {name: fresh[name] for name in changed})
        return str(folder)


def overlay_shown() -> OverlayShown | None:
    """The user's overlay; None where there is none. Raises BadDataError ``bad-overlay``."""
    path = resources.overlay()
    known = Catalog(resources.stacks(), read_overlay(path))
    if not known.overlay.sheets:
        return None
    shipped = Catalog(known.folder)
    items = [
        item
        for sheet in (*sheets.FIXED, *known.build_sheets)
        if sheet.path in known.overlay.sheets
        for item in news(sheet, shipped.rows_of(sheet), known.rows_of(sheet))
    ]
    return OverlayShown(str(path), known.overlay.made, tuple(items))


def overlay_dropped() -> bool:
    """Take the user's overlay away; False where there was none. Raises ``cannot-write``."""
    path = resources.overlay()
    try:
        if path is None or not path.exists():
            return False
        path.unlink()
    except OSError as error:
        raise OutsideError(
            "cannot-write", f"{path} cannot be removed.", context=(error.strerror or str(error),)
        ) from None
    return True
