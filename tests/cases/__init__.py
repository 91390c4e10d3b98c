"""Real reports of things that broke, with the cause that their threads settled on.

``given`` came with the project, ``gathered`` were found since, by people who had not seen the rows
that judge them; ``mixed`` and ``paraphrased`` were written for the tests. ``reference: none`` is a
report of a machine that works.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import msgspec
import yaml

FOLDER = Path(__file__).parent
HEALTHY = "none"
_PARTS = 3


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


def is_measured_only(case: Case) -> bool:
    """Whether nobody looks at a report to make rows from it: a third of them, by the name."""
    return hashlib.sha256(case.name.encode()).digest()[0] % _PARTS == 0
