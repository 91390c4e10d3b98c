"""How long work tells what it is at: the small protocol between whoever works and whoever listens.

Who works calls; what becomes of it (a bar on a terminal, a line in a log, nothing) is the
listener's business. Nothing here may fail or take long.
"""

from __future__ import annotations

from collections.abc import Callable


class Progress:
    """A listener; this one hears nothing, and another overrides what it wants to hear."""

    def step(self, title: str) -> None:
        """A new step begins (``proving that it works``), and the one before it is over."""

    def amount(self, what: str, done_bytes: int, of_bytes: int | None = None) -> None:
        """So many bytes of ``what`` are there, of so many; None where nobody knows."""

    def count(self, what: str, done: int, of: int | None = None) -> None:
        """So many of ``what`` (``packages``, ``checks``) are done, of so many."""

    def remark(self, text: str) -> None:
        """People should know this, and it is no step: why something is done."""

    def line(self, text: str) -> None:
        """A program that was run said this: for a log, hardly for people."""


class Steps(Progress):
    """A plain function that hears the titles of steps, and nothing else."""

    def __init__(self, hear: Callable[[str], None]) -> None:
        self._hear = hear

    def step(self, title: str) -> None:
        """Hand the title on."""
        self._hear(title)


class Several(Progress):
    """Hands everything on to several listeners."""

    def __init__(self, *listeners: Progress) -> None:
        self._listeners = listeners

    def step(self, title: str) -> None:
        """Hand a title on."""
        for listener in self._listeners:
            listener.step(title)

    def amount(self, what: str, done_bytes: int, of_bytes: int | None = None) -> None:
        """Hand an amount on."""
        for listener in self._listeners:
            listener.amount(what, done_bytes, of_bytes)

    def count(self, what: str, done: int, of: int | None = None) -> None:
        """Hand a count on."""
        for listener in self._listeners:
            listener.count(what, done, of)

    def remark(self, text: str) -> None:
        """Hand a remark on."""
        for listener in self._listeners:
            listener.remark(text)

    def line(self, text: str) -> None:
        """Hand a line on."""
        for listener in self._listeners:
            listener.line(text)


SILENT = Progress()
"""Where nobody listens."""
