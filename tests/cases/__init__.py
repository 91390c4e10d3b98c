"""Real reports of things that broke, with the cause that their threads settled on.

``given`` came with the project, ``gathered`` were found since, by people who had not seen the rows
that judge them. ``reference: none`` is a report of a machine that works.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import yaml

FOLDER = Path(__file__).parent


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One report, the true cause, and where both stand."""

    name: str
    reference: str
    source: str
    report: str
    cause: str
    fix: str
    note: str = ""


def cases(folder: str) -> tuple[Case, ...]:
    """The reports of one folder, in order."""
    return tuple(
        msgspec.convert({"name": path.stem, **yaml.safe_load(path.read_text())}, Case, strict=False)
        for path in sorted((FOLDER / folder).glob("*.yaml"))
    )
