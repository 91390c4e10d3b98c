"""How driver branches go together, and the packages that install them."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog import sheets
from provisioner.catalog.load import Catalog
from provisioner.catalog.problems import Problem, found_in, rows_of
from provisioner.catalog.rows import DriverBranch, DriverPackage
from provisioner.version import at_least, is_dotted

_PACKAGES = (sheets.DRIVER_PACKAGES, sheets.DEBIAN_PACKAGES, sheets.RPM_DRIVER_PACKAGES)


def problems(catalog: Catalog) -> Iterator[Problem]:
    """What is wrong with driver branches and packages in the light of the other sheets."""
    yield from _branches(catalog)
    yield from _packages(catalog)
    yield from _beside(catalog)


def _branches(catalog: Catalog) -> Iterator[Problem]:
    """Each by itself, and none with less life or an older CUDA than one before it."""
    cuda = [row.version for row in catalog.cuda]
    newest: DriverBranch | None = None
    lasting: dict[str | None, DriverBranch] = {}
    for row in catalog.drivers:
        messages = list(_itself(row))
        if row.cuda and is_dotted(row.cuda):
            # CUDA releases that are older than every row were never gathered.
            if at_least(row.cuda, cuda[0]) and row.cuda not in cuda:
                messages.append(f"CUDA {row.cuda} has no row")
            if newest and newest.cuda and not at_least(row.cuda, newest.cuda):
                messages.append(f"CUDA {row.cuda} is older than that of branch {newest.branch}")
            newest = row
        before = lasting.get(row.kind)
        if row.kind and row.end_of_life and row.end_of_life[:1].isdigit():
            if before and before.end_of_life and row.end_of_life < before.end_of_life:
                messages.append(
                    f"end_of_life {row.end_of_life} is before that of {before.kind} branch "
                    f"{before.branch}, {before.end_of_life}"
                )
            lasting[row.kind] = row
        yield from found_in(sheets.DRIVERS, row, messages)


def _itself(row: DriverBranch) -> Iterator[str]:
    if row.first_version and row.first_version.partition(".")[0] != row.branch:
        yield f"first_version {row.first_version} is of another branch"
    default = row.default_kernel_module
    if default and default not in row.kernel_modules:
        yield f"default_kernel_module {default} is none of its kernel_modules"


def _packages(catalog: Catalog) -> Iterator[Problem]:
    """Packages install known branches on known systems, from known repositories."""
    branches = {row.branch: row for row in catalog.drivers}
    systems = {f"{row.id}-{row.version}" for row in catalog.systems}
    systems |= {row.nvidia_repository for row in catalog.systems if row.nvidia_repository}
    repositories = {(row.name, row.os) for row in catalog.repositories}
    real = {(row.os, row.package) for row in catalog.driver_packages}
    led: dict[tuple[str, str], str] = {}
    for sheet, row in rows_of(catalog, *_PACKAGES):
        if not isinstance(row, DriverPackage):
            continue
        messages = list(_of_branch(row, branches.get(row.branch)))
        if row.os not in systems:
            messages.append(f"{row.os} has no row")
        if row.repository and (row.repository, row.os) not in repositories:
            messages.append(f"repository {row.repository} has no row for {row.os}")
        for old in row.redirects:
            other = led.setdefault((row.os, old), row.package)
            if (row.os, old) in real:
                messages.append(f"{old} redirects to it, and holds a driver itself")
            elif other != row.package:
                messages.append(f"{old} redirects to it, and to {other}")
        yield from found_in(sheet, row, messages)
    for found in catalog.repositories:
        if found.os not in systems:
            yield from found_in(sheets.REPOSITORIES, found, (f"{found.os} has no row",))


def _of_branch(row: DriverPackage, branch: DriverBranch | None) -> Iterator[str]:
    if branch is None:
        yield f"branch {row.branch} has no row"
        return
    if branch.kernel_modules and row.flavour not in branch.kernel_modules:
        yield f"branch {row.branch} has no {row.flavour} kernel modules"
    if row.version and row.version.partition(".")[0] != row.branch:
        yield f"version {row.version} is of another branch than {row.branch}"


def _beside(catalog: Catalog) -> Iterator[Problem]:
    """What goes with drivers goes with drivers, GPUs and families of systems that have a row."""
    drivers = {(row.os, row.package) for row in catalog.driver_packages}
    for parts in catalog.driver_parts:
        if (parts.os, parts.driver) not in drivers:
            told = f"{parts.driver} of {parts.os} has no row"
            yield from found_in(sheets.DRIVER_PARTS, parts, (told,))
    gpus = {row.name for row in catalog.gpus}
    for switch in catalog.nvswitches:
        unknown = (f"{name} is no GPU with a row" for name in switch.gpus if name not in gpus)
        yield from found_in(sheets.NVSWITCHES, switch, unknown)
    families = {row.family for row in catalog.systems}
    for family in catalog.family_packages:
        if family.family not in families:
            told = f"no system is of the family {family.family}"
            yield from found_in(sheets.FAMILY_PACKAGES, family, (told,))
    for toolkit in catalog.container_toolkit:
        if toolkit.family not in families:
            told = f"no system is of the family {toolkit.family}"
            yield from found_in(sheets.CONTAINER_TOOLKIT, toolkit, (told,))
