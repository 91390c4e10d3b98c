"""The table of contents: what can be said of a catalog without reading its sheets."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from provisioner.catalog.rows import Build, Row
from provisioner.catalog.sheets import BUILD_FOLDERS, Sheet, folder_of, name_of
from provisioner.catalog.words import Profile

Names = dict[str, tuple[str, ...]]
"""The name a person asks for → the sheets with builds that answer to it."""


class Contents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Written by upkeep whenever sheets change, and proved by ``check``."""

    checked: str
    """The newest day at which any row was looked at."""
    frameworks: Names
    """Builds that plans choose from."""
    companions: Names = {}
    """Builds of packages that nobody chooses."""
    accelerators: Names = {}
    """Builds for the GPUs of other makers than NVIDIA."""
    unplanned: Names = {}
    """Builds that no plan takes yet."""
    profiles: tuple[str, ...] = ()
    """Names of predefined requests, in alphabetical order."""


def contents_of(sheets: Iterable[tuple[Sheet, Iterable[msgspec.Struct]]]) -> Contents:
    """The contents of a catalog, from each sheet and its rows."""
    checked = ""
    profiles: set[str] = set()
    names: dict[str, dict[str, set[str]]] = {folder: {} for folder in BUILD_FOLDERS}
    for sheet, found in sheets:
        for row in found:
            if isinstance(row, Row):
                checked = max(checked, row.checked)
            if isinstance(row, Profile):
                profiles.add(row.name)
            if isinstance(row, Build):
                for asked in filter(None, (row.framework, row.provides)):
                    names[folder_of(sheet)].setdefault(asked, set()).add(name_of(sheet))
    in_order = {folder: _in_order(found) for folder, found in names.items()}
    return Contents(checked, **in_order, profiles=tuple(sorted(profiles)))


def joined(contents: Contents, more: Contents) -> Contents:
    """The contents of two catalogs that are read as one."""
    names = {}
    for folder in BUILD_FOLDERS:
        found = {name: set(listed) for name, listed in getattr(contents, folder).items()}
        for name, listed in getattr(more, folder).items():
            found.setdefault(name, set()).update(listed)
        names[folder] = _in_order(found)
    profiles = tuple(sorted({*contents.profiles, *more.profiles}))
    return Contents(max(contents.checked, more.checked), **names, profiles=profiles)


def _in_order(names: dict[str, set[str]]) -> Names:
    return {name: tuple(sorted(names[name])) for name in sorted(names)}
