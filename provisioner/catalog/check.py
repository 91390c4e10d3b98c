"""The audit of a catalog: does every row say what it may, with proof, and agree with the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from provisioner.catalog import (
    check_builds,
    check_drivers,
    check_fields,
    check_hardware,
    check_speed,
    check_systems,
    check_upkeep,
    sheets,
)
from provisioner.catalog.contents import contents_of
from provisioner.catalog.decode import read
from provisioner.catalog.dump import dump, dump_contents, header_of
from provisioner.catalog.load import Catalog
from provisioner.catalog.problems import Problem, called, found_in
from provisioner.errors import BadDataError

__all__ = ["Look", "Problem", "audit"]

Look = Callable[[Catalog], Iterable[Problem]]
"""A part of the audit: what it finds in a catalog whose sheets can all be read."""

_UNREADABLE = "cannot be read"
_REMEDY = "dlsetup catalog check --fix puts it right"


def audit(catalog: Catalog, *more: Look) -> list[Problem]:
    """Everything that is wrong with a catalog, sheet by sheet; empty when nothing is.

    ``more`` are looks that only some audits take, such as one at the network. They come last, and
    only where every sheet can be read.
    """
    found: list[Problem] = []
    whole = True
    for sheet in (*sheets.FIXED, *catalog.build_sheets):
        problems = list(_sheet_problems(catalog, sheet))
        whole = whole and not any(item.message.startswith(_UNREADABLE) for item in problems)
        found += problems
    if whole:
        for look in (*_LOOKS, *more):
            found += look(catalog)
    return found


def _sheet_problems(catalog: Catalog, sheet: sheets.Sheet) -> Iterator[Problem]:
    """Schema, proof, order and form of one sheet."""
    try:
        text = catalog.text_of(sheet)
        listed = read(sheet, text)
    except BadDataError as error:
        # The message ends in the place below the sheet: "nvidia/cuda.jsonl, line 3."
        place = error.message.removesuffix(".").partition(", ")[2]
        yield Problem(sheet.path, place, f"{_UNREADABLE}: {' '.join(error.context)}")
        return
    for row in listed:
        yield from found_in(sheet, row, check_fields.messages(row))
    if sheet.key:
        sort_key = sheets.order(sheet)
        times = Counter(map(sort_key, listed))
        for row in listed:
            if times[sort_key(row)] > 1:
                yield Problem(sheet.path, called(sheet, row), "stands there twice")
        if list(listed) != sorted(listed, key=sort_key):
            yield Problem(sheet.path, "", f"the rows are not in order; {_REMEDY}")
    if dump(sheet, listed, header_of(text) if sheet.table else "") != text:
        yield Problem(sheet.path, "", f"is not in the form that upkeep writes; {_REMEDY}")


def _contents(catalog: Catalog) -> Iterator[Problem]:
    """The table of contents says what the sheets hold."""
    listed = (*sheets.FIXED, *catalog.build_sheets)
    true = contents_of((sheet, read(sheet, catalog.text_of(sheet))) for sheet in listed)
    if dump_contents(true) != dump_contents(catalog.contents):
        yield Problem(sheets.CONTENTS, "", f"does not say what the sheets hold; {_REMEDY}")


def _rules(catalog: Catalog) -> Iterator[Problem]:
    """Conflicts, supports and caps speak of known frameworks in specifiers that can be read."""
    references = {row.name for row in catalog.references}
    for conflict in catalog.conflicts:
        texts = (
            *(conflict.version, conflict.cuda, conflict.cudnn),
            *(conflict.compute_capability, conflict.rocm),
        )
        for message in _specifier_problems(catalog, conflict.frameworks, texts):
            yield Problem(sheets.CONFLICTS.path, conflict.reference, message)
        if conflict.reference not in references:
            yield Problem(sheets.CONFLICTS.path, conflict.reference, "is not in references.toml")
    for support in catalog.support:
        for message in _specifier_problems(catalog, support.frameworks, (support.version,)):
            yield Problem(sheets.SUPPORT.path, called(sheets.SUPPORT, support), message)
    for cap in catalog.caps:
        messages = list(_specifier_problems(catalog, (cap.framework,), (cap.version,)))
        if not check_systems.is_requirement(cap.requirement):
            messages.append(f"{cap.requirement!r} is no requirement")
        for message in messages:
            yield Problem(sheets.CAPS.path, called(sheets.CAPS, cap), message)


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


_LOOKS: tuple[Look, ...] = (
    _contents,
    check_builds.problems,
    check_hardware.problems,
    check_drivers.problems,
    check_speed.problems,
    check_systems.problems,
    check_upkeep.problems,
    _rules,
)
"""What every audit looks at, once the sheets can be read."""
