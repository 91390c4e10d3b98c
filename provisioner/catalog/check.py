"""The audit of a catalog: does every row say what it may, with proof, and agree with the rest."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import msgspec

from provisioner.catalog import rows, sheets
from provisioner.catalog.contents import contents_of
from provisioner.catalog.dump import dump, dump_contents, header_of
from provisioner.catalog.load import Catalog, read
from provisioner.catalog.rows import Build
from provisioner.errors import BadDataError

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_ARCHITECTURE = re.compile(r"(sm|compute)_\d{2,3}[af]?")
_KINDS = ("measured", "announced")
_ROUTES = ("pip", "conda", "container")
_LIBRARIES = ("bundled", "system")
_BROUGHT = ("nvidia-", "cuda-", "triton")
"""How the names of packages begin that frameworks bring along and nobody chooses."""


_UNREADABLE = "cannot be read"


class Problem(msgspec.Struct, frozen=True):
    """Something wrong with one row of one sheet."""

    sheet: str
    row: str
    message: str


def audit(catalog: Catalog) -> list[Problem]:
    """Everything that is wrong with a catalog, sheet by sheet; empty when nothing is."""
    found: list[Problem] = []
    whole = True
    for sheet in (*sheets.FIXED, *catalog.build_sheets):
        problems = list(_sheet_problems(catalog, sheet))
        whole = whole and not any(problem.message == _UNREADABLE for problem in problems)
        found += problems
    if whole:
        for look in (_contents, _builds, _images, _drivers, _gpus, _rules):
            found += look(catalog)
    return found


def _sheet_problems(catalog: Catalog, sheet: sheets.Sheet) -> Iterator[Problem]:
    """Schema, proof, order and form of one sheet."""
    try:
        text = catalog.text_of(sheet)
        listed = read(sheet, text)
    except BadDataError as error:
        yield Problem(sheet.path, f"{error.message} {' '.join(error.context)}", _UNREADABLE)
        return
    for row in listed:
        for message in _row_problems(row):
            yield Problem(sheet.path, _name(sheet, row), message)
    if sheet.key:
        twice = [
            key for key, times in Counter(map(sheets.order(sheet), listed)).items() if times > 1
        ]
        for row in listed:
            if sheets.order(sheet)(row) in twice:
                yield Problem(sheet.path, _name(sheet, row), "stands there twice")
        if list(listed) != sorted(listed, key=sheets.order(sheet)):
            yield Problem(sheet.path, "", "the rows are not in order")
    if dump(sheet, listed, header_of(text) if sheet.table else "") != text:
        yield Problem(sheet.path, "", "is not in the form that upkeep writes")


def _row_problems(row: msgspec.Struct) -> Iterator[str]:
    if isinstance(row, rows.Row):
        if not row.evidence.strip():
            yield "has no evidence"
        if not _DAY.fullmatch(row.checked):
            yield f"checked is no day: {row.checked!r}"
    if isinstance(row, (Build, rows.Library, rows.Image)) and row.kind not in _KINDS:
        yield f"kind is neither measured nor announced: {row.kind!r}"
    for field in ("sass", "ptx", "architectures"):
        for name in getattr(row, field, ()):
            if not _ARCHITECTURE.fullmatch(name):
                yield f"{field}: {name!r} is no architecture"


def _contents(catalog: Catalog) -> Iterator[Problem]:
    """The table of contents says what the sheets hold."""
    listed = (*sheets.FIXED, *catalog.build_sheets)
    true = contents_of((sheets.name_of(s), read(s, catalog.text_of(s))) for s in listed)
    if dump_contents(true) != dump_contents(catalog.contents):
        yield Problem(sheets.CONTENTS, "", "does not say what the sheets hold")


def _all_builds(catalog: Catalog) -> Iterator[tuple[sheets.Sheet, Build]]:
    for sheet in catalog.build_sheets:
        for row in read(sheet, catalog.text_of(sheet)):
            if isinstance(row, Build):
                yield sheet, row


def _builds(catalog: Catalog) -> Iterator[Problem]:
    """No two builds contradict each other, and each names only what the catalog knows."""
    cudas = {row.version for row in catalog.cuda}
    packages = {row.package for row in catalog.libraries}
    seen: set[tuple[str, ...]] = set()
    for sheet, row in _all_builds(catalog):

        def problem(message: str, sheet: sheets.Sheet = sheet, row: Build = row) -> Problem:
            return Problem(sheet.path, _name(sheet, row), message)

        key = (row.framework, row.version, row.variant, row.platform)
        if key in seen:
            yield problem("another row has the same framework, version, variant and platform")
        seen.add(key)
        for name in _requirement_names(row):
            known = name in catalog.frameworks or name in packages or name.startswith(_BROUGHT)
            if not known:
                yield problem(f"requires {name!r}, which the catalog does not know")
        yield from map(problem, _build_problems(row, cudas))


def _build_problems(row: Build, cudas: set[str]) -> Iterator[str]:
    if row.cuda is not None and row.cuda not in cudas:
        yield f"CUDA {row.cuda} has no row"
    if row.cuda is None and (row.sass or row.ptx or row.cudnn):
        yield "has GPU code, and no CUDA"
    if row.via not in _ROUTES:
        yield f"via is none of {', '.join(_ROUTES)}: {row.via!r}"
    if row.libraries not in _LIBRARIES:
        yield f"libraries is neither bundled nor system: {row.libraries!r}"
    if (row.via == "container") is not (row.image is not None):
        yield "an image belongs to via container, and to nothing else"
    if (row.via == "conda") is not (row.channel is not None):
        yield "a channel belongs to via conda, and to nothing else"
    if not row.pythons:
        yield "has no Python"


def _requirement_names(row: Build) -> list[str]:
    return [_requirement_name(text) for text in row.requires]


def _requirement_name(text: str) -> str:
    """The package that a requirement names; the whole text where it is no requirement."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(text).name
    except InvalidRequirement:
        return text


def _images(catalog: Catalog) -> Iterator[Problem]:
    """Every image that a row names has a row of its own."""
    known = {row.image for row in catalog.images}
    named: list[tuple[sheets.Sheet, msgspec.Struct, str | None]] = [
        *((sheet, row, row.image) for sheet, row in _all_builds(catalog)),
        *((sheets.SYSTEMS, row, row.base_image) for row in catalog.systems),
        *((sheets.PYTHONS, row, row.base_image) for row in catalog.pythons),
    ]
    for sheet, row, image in named:
        if image is not None and image not in known:
            yield Problem(sheet.path, _name(sheet, row), f"image {image} has no row")


def _drivers(catalog: Catalog) -> Iterator[Problem]:
    """Packages install known branches on known systems."""
    branches = {row.branch for row in catalog.drivers}
    systems = {f"{row.id}-{row.version}" for row in catalog.systems}
    for row in catalog.driver_packages:
        name = f"{row.os} {row.package}"
        if row.branch not in branches:
            yield Problem(sheets.DRIVER_PACKAGES.path, name, f"branch {row.branch} has no row")
        if row.os not in systems:
            yield Problem(sheets.DRIVER_PACKAGES.path, name, f"{row.os} has no row")


def _gpus(catalog: Catalog) -> Iterator[Problem]:
    """GPUs have capabilities that the catalog knows."""
    known = {row.compute_capability for row in catalog.architectures}
    for row in catalog.gpus:
        if row.compute_capability is not None and row.compute_capability not in known:
            message = f"compute capability {row.compute_capability} has no row"
            yield Problem(sheets.NVIDIA_GPUS.path, row.name, message)


def _rules(catalog: Catalog) -> Iterator[Problem]:
    """Conflicts and caps speak of known frameworks in specifiers that can be read."""
    references = {row.name for row in catalog.references}
    for conflict in catalog.conflicts:
        texts = (conflict.version, conflict.cuda, conflict.compute_capability)
        for message in _specifier_problems(catalog, conflict.frameworks, texts):
            yield Problem(sheets.CONFLICTS.path, conflict.reference, message)
        if conflict.effect not in {"refuse", "warn"}:
            yield Problem(sheets.CONFLICTS.path, conflict.reference, "effect is no effect")
        if conflict.reference not in references:
            yield Problem(sheets.CONFLICTS.path, conflict.reference, "is not in references.toml")
    for cap in catalog.caps:
        for message in _specifier_problems(catalog, (cap.framework,), (cap.version,)):
            yield Problem(sheets.CAPS.path, f"{cap.framework} {cap.requirement}", message)


def _specifier_problems(
    catalog: Catalog, frameworks: tuple[str, ...], specifiers: tuple[str, ...]
) -> Iterator[str]:
    for name in frameworks:
        if name not in catalog.frameworks:
            yield f"framework {name!r} has no builds"
    for text in specifiers:
        if not _is_specifier(text):
            yield f"{text!r} is no specifier"


def _is_specifier(text: str) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


def _name(sheet: sheets.Sheet, row: msgspec.Struct) -> str:
    """What a person calls a row: its key fields."""
    fields = sheet.key or ("framework", "reference", "name")
    return " ".join(str(value) for field in fields if (value := getattr(row, field, None)))
