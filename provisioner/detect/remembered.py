"""Facts that cost a process, remembered between calls as one small JSON file.

An answer is bound to the program that gave it by path, size and time of change. The file is only
a convenience: unreadable or damaged it counts as empty, and a place that cannot be written is no
error.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence

import msgspec

_FILE_NAME = "machine-facts.json"
_LIMIT = 400
_SIZE_LIMIT_BYTES = 4 * 1024 * 1024
_FAILURE_KEPT_S = 3600.0
"""A program that failed may be mended by something else than its own file: ask again later."""


class Remembered(msgspec.Struct, frozen=True, omit_defaults=True):
    """One answer and the stamp it is bound to; ``text`` None is a failure, kept for a while."""

    stamp: tuple[int, ...]
    text: str | None = None
    until: float | None = None


class _Sheet(msgspec.Struct):
    schema: int
    facts: dict[str, Remembered]


class FactCache:
    """Answers by key; ``folder`` None remembers nothing beyond this process."""

    def __init__(self, folder: str | None) -> None:
        self._file = None if folder is None else os.path.join(folder, _FILE_NAME)
        self._known = _facts_in(self._file)
        self._new: dict[str, Remembered] = {}

    def fact(self, key: str, stamp: tuple[int, ...]) -> Remembered | None:
        """What was remembered under ``key``, if it still bears this stamp."""
        known = self._new.get(key) or self._known.get(key)
        if known is None or known.stamp != stamp:
            return None
        if known.until is not None and not 0 <= known.until - time.time() <= _FAILURE_KEPT_S:
            return None
        return known

    def remember(self, key: str, stamp: tuple[int, ...], text: str | None) -> None:
        """Keep an answer until its stamp changes; a failure (None) for an hour at most."""
        until = None if text is not None else time.time() + _FAILURE_KEPT_S
        self._new[key] = Remembered(stamp, text, until)

    def program_answer(self, argv: Sequence[str]) -> Remembered | None:
        """What the program ``argv[0]``, unchanged since, said to these arguments."""
        stamp = file_stamp(argv[0])
        return None if stamp is None else self.fact("\0".join(argv), stamp)

    def remember_answer(self, argv: Sequence[str], text: str | None) -> None:
        """Keep what the program ``argv[0]`` said."""
        stamp = file_stamp(argv[0])
        if stamp is not None:
            self.remember("\0".join(argv), stamp, text)

    def save(self) -> None:
        """Write what is new, whole or not at all; a place that refuses is left alone."""
        if self._file is None or not self._new:
            return
        facts = {**self._known, **self._new}
        if len(facts) > _LIMIT:
            facts = self._new
        written = f"{self._file}.{os.getpid()}"
        try:
            os.makedirs(os.path.dirname(self._file), exist_ok=True)
            with open(written, "wb") as file:
                file.write(msgspec.json.encode(_Sheet(1, facts)))
            os.replace(written, self._file)
        except OSError:
            _remove(written)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


def file_stamp(path: str) -> tuple[int, int, int] | None:
    """Size, time of change and inode of the file that ``path`` leads to; None if there is none."""
    try:
        state = os.stat(path)
    except (OSError, ValueError):
        return None
    return state.st_size, state.st_mtime_ns, state.st_ino


def cache_folder(env: Mapping[str, str]) -> str | None:
    """Where facts are kept: ``$XDG_CACHE_HOME/dlsetup`` or ``~/.cache/dlsetup``."""
    cache = env.get("XDG_CACHE_HOME", "")
    home = env.get("HOME", "")
    if os.path.isabs(cache):
        return os.path.join(cache, "dlsetup")
    return os.path.join(home, ".cache", "dlsetup") if os.path.isabs(home) else None


def _facts_in(path: str | None) -> dict[str, Remembered]:
    if path is None:
        return {}
    try:
        with open(path, "rb") as file:
            sheet = msgspec.json.decode(file.read(_SIZE_LIMIT_BYTES), type=_Sheet)
    except (OSError, ValueError, msgspec.MsgspecError):
        return {}
    return sheet.facts if sheet.schema == 1 else {}
