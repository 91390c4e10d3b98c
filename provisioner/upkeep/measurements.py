"""What was read out of wheels, kept between runs: a published wheel never changes.

One small file a wheel, written whole, so that a run that is stopped half-way goes on where it
was. What was read by other rules than today's is not looked at.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec

from provisioner.catalog.upkeep_rows import Reading
from provisioner.upkeep import fatbin, readings, wheel
from provisioner.upkeep.package_index import IndexFile
from provisioner.upkeep.readings import Measured

_SHA256 = re.compile(r"[0-9a-f]{64}")
_RULES = (fatbin, readings, wheel)


class Measurements:
    """Measurements by wheel; a folder that cannot be written keeps nothing, and is no error."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def known(self, file: IndexFile, rules: Sequence[Reading]) -> Measured | None:
        """What these rules read out of a wheel before; None where nothing is known of it."""
        path = self._path(file, rules)
        if path is None:
            return None
        try:
            return msgspec.json.decode(path.read_bytes(), type=Measured)
        except (OSError, msgspec.MsgspecError):
            return None

    def keep(self, file: IndexFile, rules: Sequence[Reading], measured: Measured) -> None:
        """Keep a measurement. A file that the index lists without its hash could change."""
        path = self._path(file, rules)
        if path is None:
            return
        # One wheel can be that of two platforms, and be read twice at once.
        draft = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(msgspec.json.encode(measured))
            os.replace(draft, path)
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)

    def _path(self, file: IndexFile, rules: Sequence[Reading]) -> Path | None:
        # What an index calls a hash becomes a file's name.
        if self._folder is None or not _SHA256.fullmatch(file.sha256 or ""):
            return None
        return self._folder / _fingerprint(rules) / f"{file.sha256}.json"


def _fingerprint(rules: Sequence[Reading]) -> str:
    """What today's reading depends on: the rows, and the code that follows them."""
    return hashlib.sha256(_code_bytes() + msgspec.json.encode(list(rules))).hexdigest()[:16]


@cache
def _code_bytes() -> bytes:
    return b"".join(Path(module.__file__ or "").read_bytes() for module in _RULES)
