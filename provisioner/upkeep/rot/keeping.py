"""What a run of this machine's Pythons found, held against the catalog, and written into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from provisioner import resources
from provisioner.catalog import sheets
from provisioner.catalog.load import Catalog
from provisioner.catalog.upkeep_rows import Rot
from provisioner.detect import detect
from provisioner.download import Web
from provisioner.errors import OutsideError, UsageError
from provisioner.upkeep import refresh, writing
from provisioner.upkeep.comparing import Rows
from provisioner.upkeep.news import News, news
from provisioner.upkeep.package_index import PackageIndex, address
from provisioner.upkeep.rot import caps
from provisioner.upkeep.rot.listing import Dependencies, Pythons, Tried, to_try
from provisioner.upkeep.rot.run import Proof, Ran, Run, Shown, Told


class Keeper:
    """The record and the caps of the catalog whose sheets are read."""

    def __init__(self) -> None:
        self.catalog = Catalog(resources.stacks())

    def ran(self, words: Sequence[str], told: Told, shown: Shown, *, anew: bool) -> Ran:
        """Try what words name on this machine, and search for caps where it is broken.

        Raises UsageError ``unknown-subject``, and OutsideError where the index, uv or the disk
        fail; what was tried until then is kept.
        """
        run, releases = self._prepared(words)
        return run.tried(releases, told, shown, anew=anew)

    def proved(self, words: Sequence[str], told: Told, *, anew: bool) -> Iterator[Proof]:
        """Prove the catalog's caps for what words name. Raises as ``ran`` does."""
        run, releases = self._prepared(words)
        return run.proved(releases, self.catalog.caps, told, anew=anew)

    def _prepared(self, words: Sequence[str]) -> tuple[Run, list[Tried]]:
        cache = resources.cache()
        if cache is None:
            raise OutsideError(
                "cannot-write",
                "There is no folder to install releases in.",
                hint="Name one in XDG_CACHE_HOME.",
            )
        index = PackageIndex(address(), Web(cache))
        releases = list(to_try(words, index, Pythons(detect().machine.pythons)))
        return Run(cache / "rot", Dependencies(index)), releases

    def news(self, rows: Sequence[Rot]) -> tuple[News, ...]:
        """What differs from the catalog's caps."""
        return tuple(news(sheets.CAPS, self.catalog.caps, self._caps(rows)))

    def _caps(self, rows: Sequence[Rot]) -> Sequence[msgspec.Struct]:
        record = caps.recorded(self.catalog.rot, rows)
        return caps.with_measured(self.catalog.caps, record)

    def write(self, rows: Sequence[Rot]) -> str:
        """Write the record and the caps, and say where to.

        Raises UsageError ``bad-usage`` for an installed package, OutsideError ``cannot-write``.
        """
        if resources.ships_installed():
            raise UsageError(
                "bad-usage",
                "The caps of an installed dlsetup are not changed.",
                hint="Run this in a checkout, or name a catalog of your own in DLSETUP_STACKS.",
            )
        changed: Rows = {
            sheets.ROT: list(caps.recorded(self.catalog.rot, rows)),
            sheets.CAPS: list(self._caps(rows)),
        }
        folder = self.catalog.folder
        writing.write(folder, writing.with_contents(folder, refresh.texts(self.catalog, changed)))
        return str(folder)
