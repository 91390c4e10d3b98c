"""Signs of life of a program that runs: its lines, its use of the processor, its limits."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_LONGEST_LINE_BYTES = 64 * 1024
_LONGEST_GAP_S = 1.0
"""Between two looks at a program there are tenths of a second."""
_BREAK = re.compile(rb"[\r\n]+")
_WRITTEN = re.compile(r"^wchar: (\d+)$", re.MULTILINE)
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
_SESSION, _TIMES = 3, slice(11, 15)
"""Fields of ``/proc/PID/stat`` behind the name: the session, and ticks of the processor."""


class Lines:
    """Chunks of a stream, handed on line by line and without control characters."""

    def __init__(self, hear: Callable[[str], None]) -> None:
        self._hear = hear
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        """Take the next chunk; an empty one is the stream's end."""
        *whole, self._rest = _BREAK.split(self._rest + chunk)
        if not chunk or len(self._rest) > _LONGEST_LINE_BYTES:
            whole.append(self._rest)
            self._rest = b""
        for line in whole:
            if text := _CONTROL.sub("", line.decode("utf-8", "replace")).rstrip():
                self._hear(text)


class Awake:
    """A clock that stands still while this process does: stopped, nobody hears what is said.

    It has to be looked at every second or so; a longer gap is taken for a stop.
    """

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._stood = 0.0

    def now(self) -> float:
        """Seconds since some moment."""
        now = time.monotonic()
        gap, self._last = now - self._last, now
        if gap > _LONGEST_GAP_S:
            self._stood += gap
        return now - self._stood


class TimeLimit:
    """So many seconds for the whole, but for those in which this process was stopped."""

    def __init__(self, seconds: float) -> None:
        self._clock = Awake()
        self._end = self._clock.now() + seconds

    def stirred(self) -> None:
        """It said something, which buys it no time."""

    def left(self) -> float:
        """Seconds, none when it is over."""
        return max(0.0, self._end - self._clock.now())


class Quiet:
    """So many seconds without a sign of life: a line, or use of the processor.

    ``pid`` leads a session of its own. A limit can take twice as long to be noticed.
    """

    def __init__(self, pid: int, seconds: float) -> None:
        self._pid, self._seconds = pid, seconds
        self._ticks: int | None = -1
        self._clock = Awake()
        self._end = self._clock.now() + seconds

    def stirred(self) -> None:
        """It said something."""
        self._end = self._clock.now() + self._seconds

    def left(self) -> float:
        """Seconds, none when it is over."""
        left = self._end - self._clock.now()
        if left > 0:
            return left
        before, self._ticks = self._ticks, _ticks(self._pid)
        if self._ticks == before and before is not None:
            return 0.0
        self.stirred()
        return self._seconds


class Stop:
    """A signal that says stop, which is a KeyboardInterrupt, and is not lost.

    Python drops what is raised while it frees an object: a signal that comes just then would be
    forgotten, and what is waited for next would be waited for to its end.
    """

    def __init__(self) -> None:
        self._asked = False

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Listen as long as the context lasts: to Ctrl-C, and to what ends a program kindly.

        A signal that is ignored, as nohup has it, stays so.
        """
        names = ("SIGINT", "SIGTERM", "SIGHUP")
        numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
        before = {number: signal.getsignal(number) for number in numbers}
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, self._raise)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            self._asked = False

    def look(self) -> None:
        """Raise KeyboardInterrupt where one was lost."""
        asked, self._asked = self._asked, False
        # Whoever is just putting things back has it already.
        if asked and not isinstance(sys.exc_info()[1], KeyboardInterrupt):
            raise KeyboardInterrupt

    def _raise(self, *_: object) -> None:
        self._asked = True
        raise KeyboardInterrupt


def written(session: int) -> int | None:
    """The bytes that a program on its leash has written so far; None where nobody tells."""
    counts = []
    for name in _leader_and_children(session):
        with suppress(OSError), open(f"/proc/{name}/io", encoding="ascii") as file:
            counts += [int(count) for count in _WRITTEN.findall(file.read())]
    return sum(counts) if counts else None


def _leader_and_children(session: int) -> tuple[str, ...]:
    """The first program of a session and those it started: one look, where /proc allows that."""
    try:
        with open(f"/proc/{session}/task/{session}/children", encoding="ascii") as file:
            return (str(session), *file.read().split())
    except OSError:
        return tuple(_members(session))


def _ticks(session: int) -> int | None:
    """What the programs of a session have used of the processor; None where nobody tells."""
    members = _members(session)
    return sum(members.values()) if members else None


def _members(session: int) -> dict[str, int]:
    """The programs of a session, each with the ticks of the processor that it has used."""
    found = {}
    with suppress(OSError):
        for name in filter(str.isdecimal, os.listdir("/proc")):
            with suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
                # The name before stands in brackets, and may hold anything.
                fields = file.read().rpartition(b")")[2].split()
                if int(fields[_SESSION]) == session:
                    found[name] = sum(map(int, fields[_TIMES]))
    return found
