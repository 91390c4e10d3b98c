"""Watch: one probe in a thread of its own, so that its fall or its silence stays its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Watch(Generic[Answer]):
    """A probe at work. ``fallback`` stands for its answer when it fails or takes too long."""

    def __init__(self, name: str, probe: Callable[[], Answer], fallback: Answer) -> None:
        self.name = name
        self.problem: str | None = None
        self._probe = probe
        self._answer = fallback
        # A daemon: a read that never returns (a dead network disk) must not hold the exit.
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def answer_by(self, deadline: float) -> Answer:
        """The answer, or the fallback with ``problem`` saying why; deadline is monotonic time."""
        self._thread.join(max(0.0, deadline - time.monotonic()))
        if self._thread.is_alive():
            self.problem = "it did not end in time"
        return self._answer

    def _work(self) -> None:
        try:
            self._answer = self._probe()
        except Exception as problem:  # noqa: BLE001, whatever happens to a probe stays its own
            self.problem = f"{type(problem).__name__}: {problem}"
