"""How far long work has come: a bar on a terminal, a line now and then elsewhere.

On standard error, so that an answer can be piped away.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Told = Callable[[str, int, int], None]

_PAUSE_S = 5.0


@contextmanager
def progress() -> Iterator[Told]:
    """Give what long work calls with its name, how much is done, and how much there is."""
    if not sys.stderr.isatty():
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
