"""Watches: each probe on its own, so that its fall or its silence harms no other.

Probes are quick as a rule, and threads that compete for the interpreter make them slow. So one
thread takes one probe after the other, and only when it is held up does the next one start.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")
_HELD_UP_S = 0.02


class Watch(Generic[Answer]):
    """One probe. ``fallback`` stands for its answer until it has one."""

    def __init__(self, name: str, probe: Callable[[], Answer], fallback: Answer) -> None:
        self.name = name
        self.answer = fallback
        self.problem: str | None = "it did not end in time"
        self._probe = probe
        self._ended = threading.Event()

    def run(self) -> None:
        """Ask the probe; whatever happens to it is kept as ``problem``."""
        problem = None
        try:
            self.answer = self._probe()
        except Exception as fall:  # noqa: BLE001, a probe may not harm the rest
            problem = str(fall) if _is_told(fall) else f"{type(fall).__name__}: {fall}"
        self.problem = problem
        self._ended.set()

    def ended_by(self, deadline: float) -> bool:
        """Wait for the end of the probe; ``deadline`` is monotonic time."""
        return self._ended.wait(max(0.0, deadline - time.monotonic()))


def _is_told(fall: Exception) -> bool:
    """Whether it is a sentence for people already, and no slip of a probe."""
    from provisioner.errors import DlsetupError

    return isinstance(fall, DlsetupError)


class Crew:
    """The watches of one survey and the threads that run them."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.watches: list[Watch[Any]] = []
        self._waiting: deque[Watch[Any]] = deque()

    def add(self, watch: Watch[Answer]) -> Watch[Answer]:
        """Put a watch in the line."""
        self.watches.append(watch)
        self._waiting.append(watch)
        return watch

    def work(self) -> None:
        """Run all watches; return when they have ended or the deadline has come."""
        while self._waiting and time.monotonic() < self.deadline:
            # A daemon: a read that never returns (a dead network disk) must not hold the exit.
            worker = threading.Thread(target=self._run_waiting, daemon=True)
            worker.start()
            worker.join(_HELD_UP_S)
        for watch in self.watches:
            watch.ended_by(self.deadline)

    def _run_waiting(self) -> None:
        while self._waiting:
            try:
                watch = self._waiting.popleft()
            except IndexError:
                return
            watch.run()
