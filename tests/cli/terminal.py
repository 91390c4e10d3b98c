"""The command on a terminal, as somebody at a keyboard has it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence

from tests.cli.environments import CHECKOUT, Home

_PATIENCE_S = 60.0
_HAND_S = 0.3
_OWN_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "provisioner", *sys.argv[1:]])
"""
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
CTRL_C = "\x03"


class Terminal:
    """One command on a terminal of its own, of so many columns."""

    def __init__(
        self, home: Home, words: Sequence[str], columns: int, settings: Mapping[str, str]
    ) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
        usual = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _OWN_TERMINAL, *words],
            env={**home.settings, **usual, "PYTHONPATH": str(CHECKOUT), **settings},
            cwd=home.path,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        self.raw = ""
        """All that was shown, with what moves the cursor."""

    @property
    def shown(self) -> str:
        """The text, without what moves the cursor; what was drawn over stands there many times."""
        return _CONTROL.sub("", self.raw).replace("\r\n", "\n").replace("\r", "\n")

    def wait_for(self, text: str) -> None:
        """Read until a text is shown."""
        end = time.monotonic() + _PATIENCE_S
        while text not in self.shown:
            assert time.monotonic() < end, f"{text!r} never came: {self.raw!r}"
            assert self._read(), f"it ended without {text!r}: {self.raw!r}"

    def press(self, keys: str) -> None:
        """Press some keys, no sooner than a person could.

        Between a prompt and the reading of its answer Python hears of no signal; a hand that is
        faster than that gap would wait for ever.
        """
        time.sleep(_HAND_S)
        os.write(self._ours, keys.encode())

    def ended(self) -> int:
        """Read to the end; the exit code."""
        end = time.monotonic() + _PATIENCE_S
        while self._read():
            assert time.monotonic() < end, f"it goes on: {self.raw!r}"
        return self._process.wait(_PATIENCE_S)

    def _read(self) -> bool:
        if not select.select([self._ours], [], [], 0.2)[0]:
            return True
        with contextlib.suppress(OSError):  # the other end is closed
            if data := os.read(self._ours, 65536):
                self.raw += data.decode("utf-8", "replace")
                return True
        return False

    def close(self) -> None:
        """End it, where it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._ours)


@contextlib.contextmanager
def terminal(home: Home, *words: str, columns: int = 120, **settings: str) -> Iterator[Terminal]:
    """The command on a terminal, gone at the end."""
    made = Terminal(home, words, columns, settings)
    try:
        yield made
    finally:
        made.close()
