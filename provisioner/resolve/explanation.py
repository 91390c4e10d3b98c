"""The answer to "why not": a value for programs, six lines for people."""

from __future__ import annotations

import msgspec

from provisioner.plan import Alternative, Refused
from provisioner.resolve.wording import WIDTH, Fact, lines_of

_LINES = 6


class WhyNot(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to ``--why-not``: one sentence, and the smallest set of facts it rests on."""

    requirement: str
    answer: str
    refused: tuple[Refused, ...] = ()
    facts: tuple[Fact, ...] = ()
    change: Alternative | None = None
    """What would give it, where anything would; else what is nearest to it."""

    def lines(self) -> tuple[str, ...]:
        """For people: the answer, the facts, the change; six lines at most."""
        last = (_with(self.change),) if self.change else ()
        return (self.answer, *lines_of(self.facts, _LINES - 1 - len(last)), *last)


def _with(change: Alternative) -> str:
    told = f"With: {change.change}: {change.gives}" if change.gives else f"{change.change}."
    if len(told) <= WIDTH:
        return told
    end = told.rfind(", ", 0, WIDTH)
    return f"{told[:end]}, …" if end > 0 else f"{told[: WIDTH - 1]}…"


def asked_for(text: str) -> Fact:
    """The wish itself, as a fact."""
    return Fact("wish", f"you asked for {text}", "request")
