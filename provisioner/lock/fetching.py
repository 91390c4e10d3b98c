"""How far uv has come: what it says while it fetches, and what it writes, as amounts.

uv names each file above a mebibyte when it begins and when it has it, and says nothing between;
it unpacks while it fetches, so that what it has written tells how far the rest is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from provisioner.progress import Progress

_BEGINS = re.compile(r"Downloading (\S+)(?: \(download\))? \(([\d.]+)([KMGT]?i?B)\)")
_ENDS = re.compile(r"Downloaded (\S+)(?: \(download\))?")
_BUILDS = re.compile(r"(Building|Built) (\S+).*")
_READY = re.compile(r"(?:Prepared|Installed) (\d+) packages? in .*")
_NAMED_BYTES = 1024**2
"""What is larger is named by uv."""
_UNITS = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4}
_MOST_NAMED = 3


class Weight(msgspec.Struct, frozen=True):
    """What one package weighs, in bytes."""

    packed: int
    """What is fetched."""
    unpacked: int = 0
    """What its files take on a disk, in whole blocks."""
    modules: int = 0
    """What its Python modules take of that: as much again when they are compiled."""


class Fetching:
    """Tells a listener how much of some packages is there; ``weights`` are of those not yet."""

    def __init__(self, tell: Progress, weights: Mapping[str, Weight] | None = None) -> None:
        self._tell = tell
        self._weights = weights or {}
        self._running: dict[str, int] = {}
        self._ended: dict[str, int] = {}
        self._over = False
        self._most = 0
        self._of = sum(weight.packed for weight in self._weights.values()) or None
        large = sum(weight.packed > _NAMED_BYTES for weight in self._weights.values())
        self._large = large or None

    def hear(self, line: str) -> None:
        """Take a line of uv's."""
        self._tell.line(line)
        text = line.strip()
        if found := _BEGINS.fullmatch(text):
            self._running[found[1]] = int(float(found[2]) * _UNITS.get(found[3], 1))
        elif found := _ENDS.fullmatch(text):
            self._ended[found[1]] = self._running.pop(found[1], 0)
            self._tell.count("large packages", len(self._ended), self._large)
        elif found := _BUILDS.fullmatch(text):
            self._tell.amount(f"{found[1].lower()} {found[2]}", self._most, self._of)
        elif found := _READY.fullmatch(text):
            self._over = True
            self._tell.count("packages", int(found[1]), int(found[1]))

    def beat(self, written: int | None) -> None:
        """Take the bytes that uv has written so far."""
        if self._over or not self._running:
            return
        # It never goes back: what was guessed is only found to be so when a file is there.
        self._most = max(self._most, self._there(written or 0))
        self._tell.amount(self._names(), self._most, self._of)

    def _there(self, written: int) -> int:
        if self._of is None:
            return sum(self._ended.values())
        ended = [self._weights[name] for name in self._ended if name in self._weights]
        there = sum(weight.packed for weight in ended)
        all_written = sum(weight.unpacked for weight in self._weights.values())
        before = sum(weight.unpacked for weight in ended)
        rest = max(1, all_written - before)
        share = min(1.0, max(0, written - before) / rest)
        return there + int((self._of - there) * share)

    def _names(self) -> str:
        largest = sorted(self._running, key=lambda name: (-self._running[name], name))
        more = len(largest) - _MOST_NAMED
        return ", ".join(largest[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
