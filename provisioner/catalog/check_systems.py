"""Operating systems, images, system packages and tools: what they name exists, and in order."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog import sheets
from provisioner.catalog.load import Catalog
from provisioner.catalog.problems import Problem, called, found_in, rows_of
from provisioner.catalog.rows import Image, OperatingSystemRow, SystemPackage
from provisioner.request import folded
from provisioner.version import at_least, is_dotted

_NEVER_LESS = ("glibc", "python", "end_of_life")
"""What a newer release of one system never has less of."""


def problems(catalog: Catalog) -> Iterator[Problem]:
    """What is wrong with systems and what is installed on them."""
    yield from _systems(catalog)
    yield from _packages(catalog)
    yield from _images(catalog)
    yield from _tools(catalog)
    yield from _profiles(catalog)


def _systems(catalog: Catalog) -> Iterator[Problem]:
    pythons = {row.version for row in catalog.pythons}
    seen = {(row.os, row.package) for row in catalog.system_packages}
    owners: dict[str, str] = {row.id: row.id for row in catalog.systems}
    before: dict[tuple[str, str], OperatingSystemRow] = {}
    for row in catalog.systems:
        messages = list(_not_less(row, before))
        if row.python and row.python not in pythons:
            messages.append(f"Python {row.python} has no row")
        if row.base_image and not row.python_packages:
            messages.append("has a base image, and no packages that bring its Python into it")
        messages += [
            f"system package {package} has no row"
            for package in row.python_packages
            if (f"{row.id}-{row.version}", package) not in seen
        ]
        messages += [
            f"alias {alias} is a name of {owner} as well"
            for alias in row.aliases
            if (owner := owners.setdefault(alias, row.id)) != row.id
        ]
        yield from found_in(sheets.SYSTEMS, row, messages)


def _not_less(
    row: OperatingSystemRow, before: dict[tuple[str, str], OperatingSystemRow]
) -> Iterator[str]:
    for field in _NEVER_LESS:
        value = getattr(row, field)
        if value is None or not is_dotted(comparable := value.replace("-", ".")):
            continue
        older = before.get((row.id, field))
        least = getattr(older, field) if older else value
        if older and not at_least(comparable, least.replace("-", ".")):
            yield f"{field} {value} is below that of {older.name}, {least}"
        before[row.id, field] = row


def _packages(catalog: Catalog) -> Iterator[Problem]:
    systems = {f"{row.id}-{row.version}" for row in catalog.systems}
    for sheet, row in rows_of(catalog, sheets.SYSTEM_PACKAGES):
        if isinstance(row, SystemPackage) and row.os not in systems:
            yield from found_in(sheet, row, (f"{row.os} has no row",))


def _images(catalog: Catalog) -> Iterator[Problem]:
    """A plain image is a known system; each has a known Python and CUDA."""
    systems = {f"{row.id}-{row.version}" for row in catalog.systems}
    known = {
        "python": {row.version for row in catalog.pythons},
        "cuda": {row.version for row in catalog.cuda},
    }
    places = tuple(f"{place}/" for place in catalog.addresses.values())
    for sheet, row in rows_of(catalog, sheets.BASE_IMAGES, sheets.IMAGES):
        if not isinstance(row, Image):
            continue
        messages = [
            f"{field} {value} has no row"
            for field, listed in known.items()
            if (value := getattr(row, field)) and is_dotted(value) and value not in listed
        ]
        if sheet == sheets.BASE_IMAGES and row.os and row.os not in systems:
            messages.append(f"{row.os} has no row")
        if not row.image.startswith(places):
            messages.append("lies below no address of addresses.toml")
        yield from found_in(sheet, row, messages)


def _tools(catalog: Catalog) -> Iterator[Problem]:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    for row in catalog.tools:
        try:
            admitted = SpecifierSet(row.specifier).contains(row.version, prereleases=True)
        except InvalidSpecifier:
            yield from found_in(sheets.TOOLS, row, (f"{row.specifier!r} is no specifier",))
            continue
        if not admitted:
            message = f"version {row.version} is not within {row.specifier}"
            yield from found_in(sheets.TOOLS, row, (message,))


def _profiles(catalog: Catalog) -> Iterator[Problem]:
    """What a profile asks for can be read as a request, and the memory it states is proved."""
    for row in catalog.profiles:
        messages = [
            f"{text!r} is no requirement" for text in row.requirements if not is_requirement(text)
        ]
        if row.name != folded(row.name):
            messages.append("its name is not written as packages are, in small letters")
        stated = row.memory_bytes is not None
        if stated and not (row.evidence.strip() and row.checked and row.memory_for):
            messages.append("states GPU memory, and not for what, by which proof and since when")
        if stated and not row.gpu:
            messages.append("states GPU memory, and computes on no GPU")
        for message in messages:
            yield Problem(sheets.PROFILES.path, called(sheets.PROFILES, row), message)


def is_requirement(text: str) -> bool:
    """Whether an installer could read a text as a requirement (PEP 508)."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        Requirement(text)
    except InvalidRequirement:
        return False
    return True
