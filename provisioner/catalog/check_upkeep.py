"""How the rows that upkeep reads by go with each other: a slip there is a fact that is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.catalog import sheets
from provisioner.catalog.load import Catalog
from provisioner.catalog.problems import Problem, found_in


def problems(catalog: Catalog) -> Iterator[Problem]:
    """What is wrong with projects, readings and what documents say."""
    projects = {row.name for row in catalog.projects}
    for reading in catalog.readings:
        messages = list(_unknown(reading.project, projects))
        messages += _specifier(reading.versions)
        for field in ("member", "pattern"):
            messages += _expression(field, getattr(reading, field))
        yield from found_in(sheets.READINGS, reading, messages)
    for row in catalog.documented:
        messages = [*_unknown(row.framework, projects), *_specifier(row.versions)]
        yield from found_in(sheets.DOCUMENTED, row, messages)
    for project in catalog.projects:
        partner = project.cuda_of
        if partner is not None and partner not in projects:
            message = f"cuda_of: {partner} is no project"
            yield from found_in(sheets.PROJECTS, project, (message,))


def _unknown(name: str, projects: set[str]) -> Iterator[str]:
    if name not in projects:
        yield f"project {name} has no row"


def _specifier(text: str) -> Iterator[str]:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        yield f"versions: {text!r} is no range such as >=1.4,<2"


def _expression(field: str, text: str) -> Iterator[str]:
    try:
        re.compile(text)
    except re.error as error:
        yield f"{field}: {text!r} is no regular expression: {error}"
