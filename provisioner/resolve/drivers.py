"""Drivers as candidates: what is running, what could be installed, and what drives which GPU."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from provisioner.catalog.beside import (
    driver_packages,
    is_data_centre,
    is_for_servers,
    parts_of,
    switches,
)
from provisioner.catalog.find import driver_branch, is_over
from provisioner.catalog.newer import DRIVER_BRANCHES
from provisioner.catalog.rows import Architecture, DriverBranch, DriverPackage
from provisioner.errors import RefusedError
from provisioner.machine import Gpu
from provisioner.plan import Refused
from provisioner.resolve.facts import Facts
from provisioner.version import at_least, is_dotted, numbers


class DriverChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One driver the plan could run on; ``version`` is what may be relied on."""

    version: str
    branch: str
    flavour: str | None = None
    package: str | None = None


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """What may happen to the driver, and the drivers it leaves, best first."""

    action: str
    choices: tuple[DriverChoice, ...]


def scenarios(facts: Facts) -> tuple[Scenario, ...]:
    """Return what may happen to the driver, in order of preference.

    A working driver is kept if anything runs on it; on WSL2 the driver is Windows' affair and
    never touched. Raises RefusedError ``no-common-driver`` where no branch drives all GPUs.
    """
    if not facts.gpus:
        return (Scenario(action="none", choices=()),)
    flavours = allowed_flavours(facts)
    drivable = tuple(_drivable(facts, flavours))
    if not drivable:
        raise _no_common_driver(facts)
    machine = facts.machine
    current = machine.driver.version if machine.driver else None
    untouchable = facts.request.keep_driver or facts.has_windows_driver
    if current is None:
        if not machine.driver_is_known or facts.has_windows_driver:
            return (Scenario(action="ensure", choices=_every(drivable, flavours, facts)),)
        if untouchable:
            raise _no_driver(facts, "there is no driver, and it must not be touched")
        return (_install("install", facts, drivable, flavours),)
    row = branch_of(facts, current)
    branch = row.branch if row else current.split(".")[0]
    found: list[Scenario] = []
    kept = machine.driver.flavour if machine.driver else None
    fits = kept is None or kept in flavours
    if fits and any(row.branch == branch for row in drivable):
        choice = DriverChoice(version=current, branch=branch, flavour=kept)
        found.append(Scenario(action="keep", choices=(choice,)))
    elif untouchable:
        raise _no_driver(facts, f"driver {current} does not drive the GPUs, and it has to stay")
    if not untouchable:
        newer = [row for row in drivable if numbers(row.branch) > numbers(branch)]
        if fits and (found or newer):
            found.append(_install("upgrade", facts, tuple(newer), flavours))
        else:
            found.append(_install("install", facts, drivable, flavours))
    return tuple(found)


def allowed_flavours(facts: Facts) -> frozenset[str]:
    """Kernel-module flavours that every GPU accepts.

    Raises RefusedError ``no-common-driver`` when one needs the open module and another refuses it.
    """
    rows = [row for gpu in facts.gpus if (row := _row(facts, gpu.compute_capability))]
    allowed = frozenset({"open", "proprietary"})
    for row in rows:
        allowed &= frozenset(row.kernel_modules)
    if not allowed:
        raise _no_common_driver(facts)
    return allowed


def drives(branch: str, row: Architecture) -> bool:
    """Whether a driver branch drives GPUs of an architecture."""
    after = row.first_driver_branch is None or numbers(branch) >= numbers(row.first_driver_branch)
    before = row.last_driver_branch is None or numbers(branch) <= numbers(row.last_driver_branch)
    return after and before


def last_branch(facts: Facts) -> str | None:
    """Return the newest branch that drives all GPUs, None where every newer one does too."""
    rows = (_row(facts, gpu.compute_capability) for gpu in facts.gpus)
    ends = [row.last_driver_branch for row in rows if row and row.last_driver_branch]
    return min(ends, key=numbers, default=None)


def branch_of(facts: Facts, version: str) -> DriverBranch | None:
    """Return the row of the branch a driver version belongs to, or None."""
    return driver_branch(facts.catalog, version, windows=facts.has_windows_driver)


def _drivable(facts: Facts, flavours: frozenset[str]) -> Iterable[DriverBranch]:
    rows = [_row(facts, gpu.compute_capability) for gpu in facts.gpus]
    for branch in facts.catalog.drivers:
        if branch.first_version is None or not flavours & set(branch.kernel_modules):
            continue
        if all(row is not None and drives(branch.branch, row) for row in rows):
            yield branch


def _row(facts: Facts, capability: str | None) -> Architecture | None:
    return facts.architectures.get(capability or "")


def _install(
    action: str, facts: Facts, rows: tuple[DriverBranch, ...], flavours: frozenset[str]
) -> Scenario:
    """What the system's own packages can install; every branch where its packages are unknown."""
    packages = driver_packages(facts.catalog, facts.machine)
    if not packages:
        return Scenario(action=action, choices=_every(rows, flavours, facts))
    choices = []
    for row in _by_preference(rows, facts.catalog.checked):
        flavour = _flavour(row, flavours)
        package = _package(facts, packages, row.branch, flavour)
        if package:
            version = _upstream(package.version) or row.first_version or row.branch
            choices.append(
                DriverChoice(
                    version=version, branch=row.branch, flavour=flavour, package=package.package
                )
            )
    return Scenario(action=action, choices=tuple(choices))


def _every(
    rows: tuple[DriverBranch, ...], flavours: frozenset[str], facts: Facts
) -> tuple[DriverChoice, ...]:
    by_branch: dict[str, list[str]] = {}
    for package in facts.catalog.driver_packages:
        if version := _upstream(package.version):
            by_branch.setdefault(package.branch, []).append(version)
    installable = {choice.branch: choice for choice in _installable(facts, rows, flavours)}
    choices = []
    for row in _by_preference(rows, facts.catalog.checked):
        known = [row.first_version or row.branch, *by_branch.get(row.branch, [])]
        newest = known[0]
        for version in known[1:]:
            newest = version if at_least(version, newest) else newest
        own = installable.get(row.branch)
        choices.append(
            DriverChoice(
                version=newest,
                branch=row.branch,
                flavour=_flavour(row, flavours),
                package=own.package if own else None,
            )
        )
    choices.sort(key=lambda choice: choice.branch not in installable)
    return tuple(choices)


def _installable(
    facts: Facts, rows: tuple[DriverBranch, ...], flavours: frozenset[str]
) -> tuple[DriverChoice, ...]:
    if not driver_packages(facts.catalog, facts.machine):
        return ()
    return _install("install", facts, rows, flavours).choices


def _by_preference(rows: Iterable[DriverBranch], today: str) -> list[DriverBranch]:
    """Branches known to live on first, the longest-lived of them first; then the newest."""

    def rank(row: DriverBranch) -> tuple[str, tuple[int, ...]]:
        end = row.end_of_life
        return end if end and not is_over(end, today) else "", numbers(row.branch)

    return sorted(rows, key=rank, reverse=True)


def _flavour(row: DriverBranch, allowed: frozenset[str]) -> str:
    possible = [flavour for flavour in row.kernel_modules if flavour in allowed]
    if row.default_kernel_module in possible:
        return str(row.default_kernel_module)
    return "proprietary" if "proprietary" in possible else possible[0]


def _package(
    facts: Facts, packages: tuple[DriverPackage, ...], branch: str, flavour: str
) -> DriverPackage | None:
    """The plainest of the packages; for data-centre GPUs that of the line for servers.

    NVIDIA's fabric manager goes with that one alone.
    """
    fitting = [row for row in packages if row.branch == branch and row.flavour == flavour]
    catalog, machine = facts.catalog, facts.machine
    served = bool(switches(catalog, machine)) or all(
        is_data_centre(catalog, gpu) for gpu in facts.gpus
    )

    def rank(row: DriverPackage) -> tuple[bool, bool, int, str]:
        parts = parts_of(catalog, machine, row.package)
        managed = parts is not None and parts.fabric_manager is not None
        return (
            served and not is_for_servers(row.package),
            served and not managed,
            len(row.package),
            row.package,
        )

    return min(fitting, key=rank, default=None)


def _upstream(version: str | None) -> str | None:
    """Return the driver's own version in a package's: ``580.178.04-0ubuntu0`` → 580.178.04."""
    text = (version or "").split(":")[-1].split("-")[0]
    return text if is_dotted(text) else None


def _no_driver(facts: Facts, reason: str) -> RefusedError:
    """The error for a driver that does not drive the GPUs and cannot be changed from here."""
    lines = _needs_of(facts)
    return RefusedError(
        "no-compatible-stack",
        f"Nothing can run on the GPUs of this machine: {reason}.",
        context=lines,
        hint="Change the driver in Windows."
        if facts.has_windows_driver
        else "Leave out --keep-driver, and the plan says which driver to install.",
        data={
            "refused": tuple(
                Refused(line.partition(":")[0], "driver-too-old", f"{reason}; {line}", "")
                for line in lines
            ),
            "alternatives": (),
        },
    )


def driven_by(facts: Facts, gpu: Gpu) -> tuple[str, str]:
    """The driver branches that drive a GPU and the module it takes, in words; and the evidence."""
    row = _row(facts, gpu.compute_capability)
    if row is None:
        return f"{gpu.name}: the catalog knows no driver for {gpu.compute_capability}", ""
    first, last = row.first_driver_branch, row.last_driver_branch
    if first and last:
        branches = f"branches {first} to {last}"
    elif last:
        branches = f"branch {last} or earlier"
    else:
        branches = f"branch {first} or later" if first else "any branch"
    modules = " or ".join(row.kernel_modules)
    return f"{gpu.name} ({row.name}): driver {branches}, {modules} module", row.evidence


def _needs_of(facts: Facts) -> tuple[str, ...]:
    return tuple(dict.fromkeys(driven_by(facts, gpu)[0] for gpu in facts.gpus))


def _no_common_driver(facts: Facts) -> RefusedError:
    lines = _needs_of(facts)
    alone = len({gpu.compute_capability for gpu in facts.gpus}) == 1
    return RefusedError(
        "no-common-driver",
        f"The catalog knows no release of a driver for {facts.gpus[0].name}."
        if alone
        else "No NVIDIA driver drives all GPUs of this machine.",
        context=lines,
        hint=DRIVER_BRANCHES
        if alone
        else "Plan for fewer of them: name those to use with --gpu, and take the others out.",
        data={
            "refused": tuple(
                Refused(line.partition(":")[0], "no-common-driver", line, "") for line in lines
            ),
            "alternatives": (),
        },
    )
