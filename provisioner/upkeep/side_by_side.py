"""Work on many things, a few at once, and leave at once when somebody says stop."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Generic, TypeVar

from provisioner.download import CONNECTIONS
from provisioner.errors import OutsideError

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(
    items: Iterable[T], work: Callable[[T], R]
) -> Iterator[tuple[T, R | OutsideError]]:
    """Do some work for each item, whichever is done first; an item that fails gives its error.

    What the work raises besides OutsideError is raised here. Threads that are still waiting for a
    server when the iteration is left are not waited for: they end with the program.
    """
    crew = _Crew(work)
    waiting = iter(items)
    running = 0
    try:
        while True:
            for item in islice(waiting, 2 * CONNECTIONS - running):
                crew.give(item)
                running += 1
            if not running:
                return
            running -= 1
            yield crew.take()
    finally:
        crew.leave()


class _Crew(Generic[T, R]):
    """Threads that take work from one queue and put what comes of it into another.

    A pool of the standard library waits for its threads when the program ends, and one that reads
    from a silent server would hold it for minutes.
    """

    def __init__(self, work: Callable[[T], R]) -> None:
        self._work = work
        self._asked: queue.SimpleQueue[tuple[T] | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[T, R | BaseException]] = queue.SimpleQueue()
        self._left = threading.Event()
        self._threads: list[threading.Thread] = []

    def give(self, item: T) -> None:
        self._asked.put((item,))
        if len(self._threads) < CONNECTIONS:
            self._threads.append(threading.Thread(target=self._labour, daemon=True))
            self._threads[-1].start()

    def take(self) -> tuple[T, R | OutsideError]:
        item, outcome = self._done.get()
        if isinstance(outcome, BaseException) and not isinstance(outcome, OutsideError):
            raise outcome
        return item, outcome

    def leave(self) -> None:
        self._left.set()
        for _ in self._threads:
            self._asked.put(None)

    def _labour(self) -> None:
        while (asked := self._asked.get()) is not None and not self._left.is_set():
            (item,) = asked
            try:
                outcome: R | BaseException = self._work(item)
            except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
                outcome = error
            self._done.put((item, outcome))
