"""Ends of life, and drivers that the system will replace.

"Ended" is measured against the day the catalog was last looked at: there is no clock here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provisioner.catalog.find import ENDED, is_over, names_of_system
from provisioner.catalog.rows import DriverBranch, DriverPackage
from provisioner.machine import Gpu
from provisioner.plan import Plan, Warning
from provisioner.resolve.drivers import allowed_flavours, branch_of, drives
from provisioner.resolve.facts import Facts
from provisioner.version import numbers

_SOON = 6
"""Months before an end of life from which on it is told."""


def moving_driver(
    facts: Facts, plan: Plan, moves: Sequence[str], *, fits: bool
) -> Iterator[Warning]:
    """Yield the branches that replace a kept driver: those that drive the GPUs, or do not."""
    kept = plan.driver.branch
    for branch in moves:
        drives_all = all(_drives(facts, gpu, branch) for gpu in facts.gpus)
        then = "The GPUs go on working" if fits else f"Branch {branch} does not drive these GPUs"
        text = (
            f"{facts.machine.os_name} now installs driver {branch} under the name "
            f"nvidia-driver-{kept}: where the driver came from there, the next upgrade of the "
            f"system changes it. {then}. To stay on {kept}, as root: "
            f"apt-mark hold 'nvidia-driver-{kept}*'"
        )
        if drives_all is fits:
            yield Warning("driver-moves-by-itself", text)


def moves_to(facts: Facts, plan: Plan) -> list[str]:
    """Return the branches that the packages of a kept driver now install in its stead."""
    if plan.driver.action != "keep" or facts.has_windows_driver or not plan.driver.branch:
        return []
    kept, flavour = plan.driver.branch, plan.driver.flavour
    return list(
        dict.fromkeys(
            row.branch
            for row in _packages(facts)
            if row.branch != kept and any(_is_of(name, kept, flavour) for name in row.redirects)
        )
    )


def _is_of(package: str, branch: str, flavour: str | None) -> bool:
    """Whether a package is named after a branch, in the flavour of its modules if that is known."""
    if branch not in package.split("-"):
        return False
    return flavour is None or package.endswith("-open") == (flavour == "open")


def _packages(facts: Facts) -> list[DriverPackage]:
    names = names_of_system(facts.catalog, facts.machine.os.id, facts.machine.os.version)
    return [row for row in facts.catalog.driver_packages if row.os in names]


def _drives(facts: Facts, gpu: Gpu, branch: str) -> bool:
    row = facts.architectures.get(gpu.compute_capability or "")
    return row is not None and drives(branch, row)


def ended_driver(facts: Facts, plan: Plan, moves: Sequence[str]) -> Iterator[Warning]:
    """Yield a kept driver that ended, where a living one could take its place."""
    row = _branch(facts, plan)
    if row is None or plan.driver.action != "keep" or not _is_over(facts, row.end_of_life):
        return
    better = _successor(facts, row)
    if better is not None and better.branch not in moves:
        text = (
            f"Driver branch {row.branch} {_ended_words(row)}: upgrade to branch {better.branch}, "
            f"which is kept up until {better.end_of_life}."
        )
        yield Warning("driver-end-of-life", text)


def driver_life(facts: Facts, plan: Plan, moves: Sequence[str]) -> Iterator[Warning]:
    """Yield the end of a driver that nothing has to be done about, or nothing can."""
    row = _branch(facts, plan)
    if row is None:
        return
    text = ""
    if _is_over(facts, row.end_of_life):
        better = _successor(facts, row)
        if better is None:
            names = ", ".join(dict.fromkeys(gpu.name for gpu in facts.gpus))
            text = f"{_ended_words(row)}, and no branch that is kept up drives {names}."
        elif better.branch in moves:
            text = f"{_ended_words(row)}; {better.branch} is kept up until {better.end_of_life}."
    elif _is_near(facts, row.end_of_life):
        text = f"is kept up until {row.end_of_life} only."
    if text:
        yield Warning("driver-end-of-life", f"Driver branch {row.branch} {text}")


def _branch(facts: Facts, plan: Plan) -> DriverBranch | None:
    """The branch that the plan ends up with; on Windows its life is not known."""
    if plan.driver.branch is None or facts.has_windows_driver:
        return None
    return branch_of(facts, plan.driver.branch)


def _ended_words(row: DriverBranch) -> str:
    known = row.end_of_life != ENDED
    return f"got its last fixes in {row.end_of_life}" if known else "gets no more fixes"


def _successor(facts: Facts, row: DriverBranch) -> DriverBranch | None:
    """The longest-lived newer branch that drives every GPU and that the system can install."""
    offered = {package.branch for package in _packages(facts)}
    flavours = allowed_flavours(facts)
    newer = [
        other
        for other in facts.catalog.drivers
        if numbers(other.branch) > numbers(row.branch)
        and other.first_version
        and other.end_of_life
        and not _is_over(facts, other.end_of_life)
        and (not offered or other.branch in offered)
        and flavours & set(other.kernel_modules)
        and all(_drives(facts, gpu, other.branch) for gpu in facts.gpus)
    ]
    return max(newer, key=lambda other: other.end_of_life or "", default=None)


def system_life(facts: Facts) -> Iterator[Warning]:
    """Yield that the operating system is past its regular support."""
    row = facts.system
    if row is not None and _is_over(facts, row.end_of_life):
        text = (
            f"{row.name} reached the end of its regular support in {row.end_of_life}: "
            "plan to move to a newer release."
        )
        yield Warning("os-end-of-life", text)


def python_life(facts: Facts, plan: Plan) -> Iterator[Warning]:
    """Yield a Python that nobody mends any more; a living system mends its own."""
    home = facts.system
    if home and home.python == plan.python and not _is_over(facts, home.end_of_life):
        return
    row = next((row for row in facts.catalog.pythons if row.version == plan.python), None)
    if row is not None and _is_over(facts, row.end_of_life):
        text = (
            f"Python {row.version} got its last fixes in {row.end_of_life}: "
            "use it for what needs it, and for nothing that faces the network."
        )
        yield Warning("python-end-of-life", text)


def _is_over(facts: Facts, end: str | None) -> bool:
    return end is not None and is_over(end, facts.catalog.checked)


def _is_near(facts: Facts, end: str | None) -> bool:
    if end is None or end == ENDED:
        return False
    return _months(end) - _months(facts.catalog.checked) <= _SOON


def _months(day: str) -> int:
    year, month = day.split("-")[:2]
    return int(year) * 12 + int(month)
