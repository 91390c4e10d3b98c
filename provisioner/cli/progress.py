"""How far long work has come: drawn on a terminal, a line now and then elsewhere.

On standard error, so that an answer can be piped away. What is drawn goes again when it is over.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from provisioner import process
from provisioner.cli.output import folded, width_of
from provisioner.progress import Progress
from provisioner.sizes import human

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

Told = Callable[[str, int, int], None]

_PAUSE_S = 5.0
_FRAMES_A_SECOND = 4
_SPEED_AFTER_S = 3.0
"""A speed that was measured for less says nothing."""


@contextmanager
def progress() -> Iterator[Told]:
    """Give what long work calls with its name, how much is done, and how much there is."""
    if not draws():
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks = {}

        def told(name: str, done: int, of: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=of)
            bar.update(tasks[name], completed=done, total=of)

        yield told


def _lines() -> Told:
    last = time.monotonic()

    def told(name: str, done: int, of: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _PAUSE_S:
            last = now
            sys.stderr.write(f"{name}: {done} of {of}\n")

    return told


def draws() -> bool:
    """Whether standard error is a terminal on which something can be drawn over."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


@contextmanager
def watching(name: str | None) -> Iterator[Steps]:
    """Show what is going on, as ``steps`` does, where nothing of an environment is changed.

    Whoever ends it is told so.
    """
    try:
        with process.stop.heard(), steps() as shown:
            yield shown
    except KeyboardInterrupt:
        told = f"{name} is unchanged" if name else "nothing was changed"
        sys.stderr.write(f"\nStopped: {told}.\n")
        raise


@contextmanager
def steps() -> Iterator[Steps]:
    """Give a listener that shows people what is going on, and leaves nothing drawn behind."""
    shown = Drawn() if draws() else Steps()
    try:
        yield shown
    finally:
        shown.hush()


class Steps(Progress):
    """Shows steps as plain lines, and under each now and then how much is done."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def step(self, title: str) -> None:
        """Print the title."""
        self._last = time.monotonic()
        self._print(title)

    def amount(self, what: str, done_bytes: int, of_bytes: int | None = None) -> None:
        """Print how much there is, a few times a minute at most."""
        now = time.monotonic()
        if now - self._last >= _PAUSE_S:
            self._last = now
            self._print(f"  {_share(done_bytes, of_bytes)}: {what}")

    def remark(self, text: str) -> None:
        """Print what is to be read, and stays."""
        self.hush()
        self._print(folded(text, width_of(sys.stderr)))

    def hush(self) -> None:
        """Draw nothing until the next step: somebody else speaks."""

    def _print(self, line: str) -> None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


class Drawn(Steps):
    """Draws the step with its time, and what is being fetched, over and over in the same place."""

    def __init__(self) -> None:
        from rich.spinner import Spinner

        super().__init__()
        self._live: Live | None = None
        self._began = time.monotonic()
        self._spinner = Spinner("dots")
        self._first: tuple[float, int] | None = None
        self._begin("")

    def step(self, title: str) -> None:
        """Draw another step."""
        self._begin(title)
        if self._live is None:
            # How long somebody thought before is no part of the work's time.
            self._began = time.monotonic()
            from rich.console import Console
            from rich.live import Live

            self._live = Live(
                console=Console(stderr=True, highlight=False),
                get_renderable=self._drawing,
                refresh_per_second=_FRAMES_A_SECOND,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()

    def amount(self, what: str, done_bytes: int, of_bytes: int | None = None) -> None:
        """Draw how much is there from now on."""
        if self._first is None:
            self._first = (time.monotonic(), done_bytes)
        self._what, self._done, self._of = what, done_bytes, of_bytes

    def count(self, what: str, done: int, of: int | None = None) -> None:
        """Draw how many are done from now on."""
        noun = what.removesuffix("s") if (of or done) == 1 else what
        self._counted = f"{done} of {of} {noun}" if of else f"{done} {noun}"

    def hush(self) -> None:
        """Take away what is drawn."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _begin(self, title: str) -> None:
        self._title = title
        self._what, self._counted = "", ""
        self._done, self._of = 0, None
        self._first = None

    def _drawing(self) -> RenderableType:
        from rich.text import Text

        turning = self._spinner.render(time.monotonic())
        lines = [f"{turning} {_clock(time.monotonic() - self._began)}  {self._title}"]
        lines += [f"  {line}" for line in self._below()]
        return Text("\n".join(lines), no_wrap=True, overflow="ellipsis")

    def _below(self) -> Iterator[str]:
        if self._what:
            yield _share(self._done, self._of) + self._speed()
            yield "; ".join(filter(None, (self._what, self._counted)))
        elif self._counted:
            yield self._counted

    def _speed(self) -> str:
        """How fast it comes and how long the rest takes at that, once that can be said."""
        began, at_first = self._first or (time.monotonic(), self._done)
        seconds = time.monotonic() - began
        if seconds < _SPEED_AFTER_S or self._done <= at_first:
            return ""
        speed = (self._done - at_first) / seconds
        left = f", {_clock((self._of - self._done) / speed)} left" if self._of else ""
        return f"{left}, {human(int(speed))}/s"


def _share(done: int, of: int | None) -> str:
    return f"{human(done)} of {human(of)} fetched" if of else f"{human(done)} fetched"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
