"""Honest edges: what is true of a plan and easily missed.

A warning asks for something to be done, a note is good to know. Both come from rows alone, and
"ended" is measured against the day the catalog was last looked at: there is no clock here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from provisioner.catalog.find import system
from provisioner.catalog.rows import DriverBranch, DriverPackage, Library
from provisioner.machine import Gpu
from provisioner.plan import Plan, Warning
from provisioner.request import parse_wish
from provisioner.resolve.drivers import allowed_flavours, branch_of, drives
from provisioner.resolve.facts import Facts
from provisioner.resolve.precisions import precisions
from provisioner.resolve.serving import serve
from provisioner.version import is_pre_release, numbers, order

_GIB = 1024**3
_ENDED = "ended"
_SOON = 6
"""Months before an end of life from which on it is told."""


def told(facts: Facts, plan: Plan) -> Plan:
    """Return the plan with the warnings and notes that its edges ask for."""
    warnings = (
        *_memory(facts),
        *_moving_driver(facts, plan, fits=False),
        *_ended_driver(facts, plan),
        *_no_pre_release(facts),
    )
    notes = (
        *_unknown_memory(facts),
        *_precisions(facts, plan),
        *_cudnn_ceiling(facts, plan),
        *_host_compilers(facts, plan),
        *_moving_driver(facts, plan, fits=True),
        *_driver_life(facts, plan),
        *_system_life(facts),
        *_python_life(facts, plan),
    )
    return msgspec.structs.replace(plan, warnings=(*plan.warnings, *warnings), notes=notes)


def _memory(facts: Facts) -> Iterator[Warning]:
    for profile in facts.profiles:
        for gpu in _each(facts.gpus):
            if (
                profile.memory_bytes
                and gpu.memory_bytes
                and gpu.memory_bytes < profile.memory_bytes
            ):
                text = (
                    f"{profile.name} asks for {_size(profile.memory_bytes)} of GPU memory "
                    f"({profile.memory_for}) and {gpu.name} has {_size(gpu.memory_bytes)}: take a "
                    "smaller model, or keep a part of it in the computer's own memory."
                )
                yield Warning("gpu-memory-too-small", text)


def _unknown_memory(facts: Facts) -> Iterator[Warning]:
    for profile in facts.profiles:
        for gpu in _each(facts.gpus):
            if profile.memory_bytes and gpu.memory_bytes is None:
                text = (
                    f"{profile.name} asks for {_size(profile.memory_bytes)} of GPU memory "
                    f"({profile.memory_for}); how much {gpu.name} has is not known."
                )
                yield Warning("gpu-memory-not-known", text)


def _no_pre_release(facts: Facts) -> Iterator[Warning]:
    """``--pre`` where nobody has looked at a pre-release."""
    names = [parse_wish(text).name for text in facts.request.requirements]
    for name in names if facts.request.pre else ():
        rows = facts.catalog.builds(name)
        if rows and not any(is_pre_release(row.version) for row in rows):
            text = f"The catalog knows no pre-release of {name}: the plan holds its releases only."
            yield Warning("no-pre-release", text)


def _size(count: int) -> str:
    return f"{count / _GIB:.1f} GiB"


def _precisions(facts: Facts, plan: Plan) -> Iterator[Warning]:
    if plan.accelerator != "cuda":
        return
    for gpu in _each(facts.gpus):
        yield Warning("gpu-precisions", precisions(facts, gpu))


def _each(gpus: Iterable[Gpu]) -> list[Gpu]:
    """One GPU of each product."""
    return list({gpu.name: gpu for gpu in gpus}.values())


def _cudnn_ceiling(facts: Facts, plan: Plan) -> Iterator[Warning]:
    """Newer cuDNN than the plan's that has dropped a GPU of the machine."""
    held = {
        (f"nvidia-cudnn-cu{pin.cuda.partition('.')[0]}", pin.cudnn)
        for pin in plan.pins
        if pin.cuda and pin.cudnn and pin.channel is None
    }
    held |= {(pin.name, pin.version) for pin in plan.pins if pin.name.startswith("nvidia-cudnn")}
    for package in sorted({name for name, _ in held}):
        newest = max((version for name, version in held if name == package), key=order)
        for gpu in _each(facts.gpus):
            ceiling = _first_without(facts, gpu, package, newest)
            if ceiling is not None:
                text = (
                    f"{package} {ceiling.version} and later have no code for {gpu.name} "
                    f"({gpu.compute_capability}): keep it below {ceiling.version}."
                )
                yield Warning("cudnn-ceiling", text)


def _first_without(facts: Facts, gpu: Gpu, package: str, held: str) -> Library | None:
    """The oldest cuDNN above the held one from which on none serves a GPU."""
    newer = [
        row
        for row in facts.catalog.libraries
        if row.package == package
        and row.platform == facts.platform
        and row.sass
        and order(row.version) > order(held)
    ]
    first: Library | None = None
    for row in sorted(newer, key=lambda row: order(row.version)):
        served = serve(gpu.name, gpu.compute_capability or "", row.sass, row.ptx, facts.tegra)
        first = None if served else (first or row)
    return first


def _host_compilers(facts: Facts, plan: Plan) -> Iterator[Warning]:
    """What the planned nvcc takes as its host compiler: its own header refuses what is newer."""
    versions = {pin.version for pin in plan.pins if pin.name == "nvcc"}
    for row in facts.catalog.cuda:
        for limits in row.host_compilers:
            if limits.nvcc in versions:
                text = (
                    f"nvcc {limits.nvcc} takes gcc up to {limits.gcc} or clang up to "
                    f"{limits.clang} as its host compiler: where the system's own is newer, "
                    "name an older one with -ccbin."
                )
                yield Warning("host-compiler", text)


def _moving_driver(facts: Facts, plan: Plan, *, fits: bool) -> Iterator[Warning]:
    """A kept driver whose package now installs another branch, that drives the GPUs or does not."""
    kept = plan.driver.branch
    for branch in _moves_to(facts, plan):
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


def _moves_to(facts: Facts, plan: Plan) -> list[str]:
    """The branches that the packages of a kept driver now install in its stead."""
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
    if not re.search(rf"-{branch}(-|$)", package):
        return False
    return flavour is None or package.endswith("-open") == (flavour == "open")


def _packages(facts: Facts) -> list[DriverPackage]:
    name = f"{facts.machine.os.id}-{facts.machine.os.version}"
    return [row for row in facts.catalog.driver_packages if row.os == name]


def _drives(facts: Facts, gpu: Gpu, branch: str) -> bool:
    row = facts.architectures.get(gpu.compute_capability or "")
    return row is not None and drives(branch, row)


def _ended_driver(facts: Facts, plan: Plan) -> Iterator[Warning]:
    """A kept driver that ended, where a living one could take its place."""
    row = _branch(facts, plan)
    if row is None or plan.driver.action != "keep" or not _is_over(facts, row.end_of_life):
        return
    better = _successor(facts, row)
    if better is not None and better.branch not in _moves_to(facts, plan):
        text = (
            f"Driver branch {row.branch} {_ended_words(row)}: upgrade to branch {better.branch}, "
            f"which is kept up until {better.end_of_life}."
        )
        yield Warning("driver-end-of-life", text)


def _driver_life(facts: Facts, plan: Plan) -> Iterator[Warning]:
    row = _branch(facts, plan)
    if row is None:
        return
    text = ""
    if _is_over(facts, row.end_of_life):
        better = _successor(facts, row)
        if better is None:
            names = ", ".join(gpu.name for gpu in _each(facts.gpus))
            text = f"{_ended_words(row)}, and no branch that is kept up drives {names}."
        elif better.branch in _moves_to(facts, plan):
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
    known = row.end_of_life != _ENDED
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


def _system_life(facts: Facts) -> Iterator[Warning]:
    row = system(facts.catalog, facts.machine.os.id, facts.machine.os.version)
    if row is not None and _is_over(facts, row.end_of_life):
        text = (
            f"{row.name} reached the end of its regular support in {row.end_of_life}: "
            "plan to move to a newer release."
        )
        yield Warning("os-end-of-life", text)


def _python_life(facts: Facts, plan: Plan) -> Iterator[Warning]:
    """A Python that nobody mends any more; a living system mends its own."""
    home = system(facts.catalog, facts.machine.os.id, facts.machine.os.version)
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
    """A month ends after its last day: one that is not over yet counts as life."""
    return end is not None and (end == _ENDED or end < facts.catalog.checked[:7])


def _is_near(facts: Facts, end: str | None) -> bool:
    if end is None or end == _ENDED:
        return False
    return _months(end) - _months(facts.catalog.checked) <= _SOON


def _months(day: str) -> int:
    year, month = day.split("-")[:2]
    return int(year) * 12 + int(month)
