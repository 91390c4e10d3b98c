"""The table of contents: what can be said of a catalog without reading its sheets."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from provisioner.catalog.rows import Build, Row


class Contents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Written by upkeep whenever sheets change, and proved by ``check``."""

    checked: str
    """The newest day at which any row was looked at."""
    frameworks: dict[str, tuple[str, ...]]
    """The name a person asks for → the sheets with builds that answer to it."""


def contents_of(sheets: Iterable[tuple[str, Iterable[msgspec.Struct]]]) -> Contents:
    """The contents of a catalog, from the name and the rows of each sheet."""
    checked = ""
    frameworks: dict[str, set[str]] = {}
    for name, found in sheets:
        for row in found:
            if isinstance(row, Row):
                checked = max(checked, row.checked)
            if isinstance(row, Build):
                for asked in filter(None, (row.framework, row.provides)):
                    frameworks.setdefault(asked, set()).add(name)
    return Contents(checked, {name: tuple(sorted(frameworks[name])) for name in sorted(frameworks)})
