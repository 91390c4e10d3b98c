"""The log of one run: what was run, what it said, and when; without anybody's secrets.

It lies under the user's state, never in an environment. Where it cannot be written there is none:
a log never makes work fail.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from provisioner import __version__, resources, settings
from provisioner.progress import Progress

_KEPT = 20
"""So many logs stay; the oldest go first."""
_LONGEST_CHARACTERS = 4000
_QUERY = re.compile(r"(?<=[^\s?])\?[^\s`'\")]+")
"""What an address asks for may sign it: nobody needs it to know which file was meant."""
_SECRET_NAME = re.compile(r"PASSWORD|PASSWD|TOKEN|SECRET|API_?KEY|CREDENTIAL")
_SHORTEST_SECRET = 6


class Log(Progress):
    """Writes down the steps and lines of a run; the file is there from the first one on.

    ``name`` is what the run is about, ``words`` the command line.
    """

    def __init__(self, name: str, words: Sequence[str]) -> None:
        self._name, self._words = name, words
        self._began = time.monotonic()
        self._waited = 0.0
        self._file: TextIO | None = None
        self._tried = False
        self.path: Path | None = None
        """Where it lies; None as long as there is none."""

    @property
    def took_s(self) -> float:
        """The seconds since the beginning, but for those that somebody took to answer."""
        return time.monotonic() - self._began - self._waited

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Meanwhile somebody is asked."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._waited += time.monotonic() - began

    def step(self, title: str) -> None:
        """Write the title with the seconds since the beginning."""
        self._write(f"[{time.monotonic() - self._began:8.1f} s] {title}")

    def remark(self, text: str) -> None:
        """Write it as a step is."""
        self.step(text)

    def line(self, text: str) -> None:
        """Write what a program said."""
        self._write(f"    {text}")

    def end(self, text: str) -> None:
        """Write how it ended, where anything was written, and close the file."""
        if self._file is not None:
            self.step(text)
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def _write(self, text: str) -> None:
        if not self._tried:
            self._tried = True
            with contextlib.suppress(OSError):
                self._open()
        if self._file is None:
            return
        try:
            self._file.write(f"{masked(text)[:_LONGEST_CHARACTERS]}\n")
            self._file.flush()
        except OSError:  # the disk is full: the work may still fit
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def _open(self) -> None:
        folder = resources.logs()
        if folder is None:
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        began = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        path = folder / f"{began}-{os.getpid()}-{self._name}.log"
        self._file = os.fdopen(_new(path), "w", encoding="utf-8", errors="replace")
        self.path = path
        self._write(f"dlsetup {__version__}, {began}")
        self._write(f"$ dlsetup {shlex.join(self._words)}")
        _prune(folder)


def masked(text: str) -> str:
    """Return a text without what could let anybody in: users of addresses, tokens, passwords."""
    text = _QUERY.sub("?****", settings.current().redacted(text))
    for name, value in os.environ.items():
        if _SECRET_NAME.search(name.upper()) and len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, "****")
    return text


def _new(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _prune(folder: Path) -> None:
    """Let the oldest logs go; their names begin with when they began."""
    for path in sorted(folder.glob("*.log"))[:-_KEPT]:
        path.unlink(missing_ok=True)
