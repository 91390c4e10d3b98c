"""What the catalog knows of a driver branch."""

from __future__ import annotations

import re
from collections.abc import Iterable

from provisioner.catalog import newer
from provisioner.catalog.find import is_over
from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Cuda, DriverBranch, DriverPackage
from provisioner.errors import UsageError
from provisioner.lookup.question import neighbours, shown
from provisioner.lookup.values import DriverAnswer, DriverBranches, Step
from provisioner.request import admits
from provisioner.resolve.drivers import drives
from provisioner.version import at_least, numbers

_VERSION = re.compile(r"\d{2,4}(\.\d{1,4}){0,2}")
_OPERATORS = "=<>!~"


def driver(catalog: Catalog, text: str) -> DriverAnswer | DriverBranches:
    """One driver branch, or the release of it that is named; every branch when none is.

    Raises UsageError ``bad-driver``, ``unknown-driver`` or ``bad-requirement``.
    """
    text = re.sub(r"^={2,3}\s*", "", text.strip())
    if not text or text[0] in _OPERATORS:
        return _list(catalog, text)
    version = text.lower().removeprefix("r").removesuffix(".xx")
    if not _VERSION.fullmatch(version):
        raise UsageError(
            "bad-driver",
            f"{shown(text)} is not a driver version.",
            hint="Write it as nvidia-smi does (535.183.01), or its branch (535).",
        )
    name = version.partition(".")[0]
    row = next((row for row in catalog.drivers if row.branch == name), None)
    if row is None:
        raise _unknown(catalog, name)
    return _answer(catalog, row, version if "." in version else None)


def _list(catalog: Catalog, text: str) -> DriverBranches:
    try:
        found = [row for row in catalog.drivers if not text or admits(text, row.branch)]
    except ValueError as error:
        raise UsageError(
            "bad-requirement",
            f"{shown(text)} is no range of driver branches.",
            context=(str(error),),
            hint="Write it as 'driver>=535'.",
        ) from None
    if not found:
        raise _unknown(catalog, text)
    return DriverBranches(branches=tuple(found[::-1]))


def _answer(catalog: Catalog, row: DriverBranch, version: str | None) -> DriverAnswer:
    own = [item for item in catalog.driver_packages if item.branch == row.branch]
    name = re.compile(rf"\D{row.branch}(\D|$)")
    runs = _steps(row, version, ((item, item.driver_floor.linux) for item in catalog.cuda))
    compiles = _steps(row, version, ((item, item.driver_bundled.linux) for item in catalog.cuda))
    named = {step.cuda for step in (*runs, *compiles)}
    return DriverAnswer(
        version=version,
        branch=row,
        over=_over(row, catalog.checked),
        checked=catalog.checked,
        architectures=tuple(
            item
            for item in catalog.architectures
            if not item.tegra
            and drives(row.branch, item)
            and set(item.kernel_modules) & set(row.kernel_modules)
        ),
        runs_cuda=runs,
        compiles_cuda=compiles,
        cuda_releases=tuple(item for item in catalog.cuda if item.version in named),
        packages=tuple(own),
        redirected=tuple(
            item
            for item in catalog.driver_packages
            if item.branch != row.branch and _own_names(item, name)
        ),
    )


def _own_names(package: DriverPackage, name: re.Pattern[str]) -> list[str]:
    return [other for other in package.redirects if name.search(other)]


def _over(row: DriverBranch, today: str) -> bool | None:
    return None if row.end_of_life is None else is_over(row.end_of_life, today)


def _steps(
    row: DriverBranch, version: str | None, floors: Iterable[tuple[Cuda, str | None]]
) -> tuple[Step, ...]:
    """The newest CUDA from the first release of a branch on, and what later ones add."""
    first = version or row.first_version
    if first is None:
        return ()
    known = [(item.version, floor) for item, floor in floors if floor]
    starts = {first}
    if version is None:
        starts |= {
            floor
            for _, floor in known
            if floor.partition(".")[0] == row.branch and at_least(floor, first)
        }
    found: list[Step] = []
    for start in sorted(starts, key=numbers):
        within = [cuda for cuda, floor in known if at_least(start, floor)]
        newest = max(within, key=numbers, default=None)
        if not found or newest != found[-1].cuda:
            found.append(Step(driver=start, cuda=newest))
    return tuple(found)


def _unknown(catalog: Catalog, name: str) -> UsageError:
    branches = [row.branch for row in catalog.drivers]
    close = neighbours(name, branches)
    return UsageError(
        "unknown-driver",
        f"The catalog does not know driver branch {shown(name)}.",
        context=(f"it knows {branches[0]} to {branches[-1]} (looked at {catalog.checked})",),
        hint=f"Did you mean {' or '.join(close)}? On Windows drivers bear other numbers."
        if close
        else f"Check the number; {newer.DRIVER_BRANCHES}",
    )
