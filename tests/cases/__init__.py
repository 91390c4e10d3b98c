"""Reports of things that broke, with their cause; ``reference: none`` is one of a sound machine.

``given`` came with the project; ``gathered`` were found by people who had not seen the rows that
judge them, ``later`` by one who had. Their causes are what their threads settled on. ``mixed`` and
``paraphrased`` were written for the tests.

``unseen`` were gathered last and are measured only: nobody reads them to make or mend a row, and
their words are not counted. Whoever must read them moves them to ``gathered`` and finds others.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import msgspec
import yaml

FOLDER = Path(__file__).parent
HEALTHY = "none"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One report, the true cause, and where both stand."""

    name: str
    reference: str
    source: str
    report: str
    cause: str
    fix: str
    note: str = ""
    also: tuple[str, ...] = ()
    """Further causes that the same report shows."""


@lru_cache
def cases(folder: str) -> tuple[Case, ...]:
    """The reports of one folder, in order."""
    return tuple(
        msgspec.convert({"name": path.stem, **yaml.safe_load(path.read_text())}, Case, strict=False)
        for path in sorted((FOLDER / folder).glob("*.yaml"))
    )


def broken(folder: str) -> list[Case]:
    """The reports of one folder that have a cause."""
    return [case for case in cases(folder) if case.reference != HEALTHY]
