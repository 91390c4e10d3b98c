"""A plan that was saved: read back, and believed only as far as the catalog bears it out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from provisioner import saved
from provisioner.catalog.find import system
from provisioner.catalog.load import Catalog
from provisioner.errors import UsageError
from provisioner.plan import HostCompiler, Pin, Plan
from provisioner.request import parse_wish

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9,._-]+\])?"
_VERSION = r"[A-Za-z0-9.*+!]+(=[A-Za-z0-9.*_]+)?"
_DOTTED = r"\d+(\.\d+)*"
_COMPONENTS = {"cudnn": "nvidia-cudnn-", "nvcc": "nvidia-cuda-nvcc"}


def read(path: Path, catalog: Catalog) -> Plan:
    """Read a saved ``resolve --json``, or its ``plan`` alone.

    Raises UsageError ``bad-plan-file`` for what is no plan, and for pins that no row of the
    catalog bears out: a plan is not a way around the evidence.
    """
    try:
        plan = saved.read(path, "plan", Plan)
    except ValueError as error:
        raise _bad(path, str(error)) from error
    return believed(plan, path, catalog)


def believed(plan: Plan, path: Path, catalog: Catalog) -> Plan:
    """Return a plan that came from ``path``.

    Raises UsageError ``bad-plan-file`` as ``read``, and for companions and caps what the command
    line raises for them: ``bad-requirement``, ``secret-in-requirement``.
    """
    for asked in (*plan.request.companions, *(cap.requirement for cap in plan.constraints)):
        parse_wish(asked)
    for what, text, form in _worded(plan):
        if text is not None and not re.fullmatch(form, text):
            raise _bad(path, f"{text[:60]!r} is no {what}")
    for pin in plan.pins:
        if pin.requirement and not re.fullmatch(f"{_NAME}={{1,2}}{_VERSION}", pin.requirement):
            raise _bad(path, f"the pin {pin.name!r} asks for {pin.requirement[:60]!r}")
        if not _is_known(pin, plan.accelerator, catalog):
            place = pin.index or pin.channel or "the default index"
            told = f"{pin.name} {pin.version} {pin.variant} from {place}"
            raise _bad(path, f"the catalog holds no {told[:120]!r}")
    if plan.host_compiler and not _is_known_compiler(plan, plan.host_compiler, catalog):
        raise _bad(path, f"the catalog has no {plan.host_compiler.program[:60]!r} for that system")
    return plan


def _worded(plan: Plan) -> Iterator[tuple[str, str | None, str]]:
    """What becomes a word of a command beside the pins: what it is, and the form it has."""
    driver = plan.driver
    yield "Python", plan.python, r"\d\.\d{1,2}t?"
    yield "accelerator", plan.accelerator, "cuda|rocm|xpu|mps|cpu"
    yield "architecture of a processor", plan.machine.arch, r"\w+"
    for version in (driver.current, driver.minimum, driver.branch, driver.last_branch):
        yield "driver", version, _DOTTED
    for version in (plan.cuda, plan.cudnn):
        yield "version", version, _DOTTED
    for pin in plan.pins:
        yield "CUDA", pin.cuda, _DOTTED
        yield "cuDNN", pin.cudnn, _DOTTED
        yield "build", pin.variant, r"[\w.+-]+"
        yield "evidence", pin.evidence, "measured|announced"
        for serve in pin.serves:
            yield "code of a GPU", serve.by, r"sm_\d+" if pin.name == "nvcc" else r"\w[\w -]*"


def _is_known_compiler(plan: Plan, compiler: HostCompiler, catalog: Catalog) -> bool:
    """Whether a program and its package are the system's own, or one of an older release."""
    machine = plan.machine.os
    name = f"{machine.id}-{machine.version}"
    row = system(catalog, machine.id, machine.version)
    seen = {item.package for item in catalog.system_packages if item.os == name}
    older = row.other_compilers if row else ()
    return (
        compiler.program in {"g++", *older}
        and compiler.package in {None, *seen, *older}
        and compiler.newest.isdecimal()
    )


def _is_known(pin: Pin, accelerator: str, catalog: Catalog) -> bool:
    """Whether a row of the catalog is what a pin says, where it says it comes from."""
    where = (pin.version, pin.variant, pin.index, pin.channel)
    for row in catalog.builds_for(pin.name, accelerator):
        if (row.version, row.variant, row.index, row.channel) == where:
            return _asks_only_for(pin, row.package or row.framework)
    if pin.index is not None:
        return False
    if pin.name == "cuda":
        if pin.channel is not None:
            bounds = (row for row in catalog.other_libraries if row.package == "cuda-version")
            known = any((row.version, row.channel) == where[::3] for row in bounds)
            return known and _asks_only_for(pin, "cuda-version")
        known = any(pin.version in row.toolkits for row in catalog.cuda)
        return known and _asks_only_for(pin, "cuda-toolkit")
    if any(row.components.get(pin.name) == pin.version for row in catalog.toolkits):
        return pin.channel is None and _asks_only_for(pin, pin.name)
    prefix = _COMPONENTS.get(pin.name, pin.name)
    return any(
        (row.version, row.channel) == (pin.version, pin.channel)
        and (row.package == pin.name or row.package.startswith(prefix))
        and _asks_only_for(pin, row.package)
        for row in catalog.libraries
    )


def _asks_only_for(pin: Pin, package: str) -> bool:
    """Whether what the installer is asked for is that package at the pin's version."""
    if pin.requirement is None:
        return True
    name, _, version = pin.requirement.partition("=")
    asked = version.lstrip("=")
    return name.partition("[")[0] == package and asked.startswith(pin.version)


def _bad(path: Path, reason: str) -> UsageError:
    return UsageError(
        "bad-plan-file",
        f"{path} is not a saved plan.",
        context=(reason,),
        hint="Save one with: dlsetup resolve REQ --json > plan.json",
    )
