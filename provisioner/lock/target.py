"""Which packages a machine can take, in uv's words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from provisioner.catalog.find import system
from provisioner.catalog.load import Catalog
from provisioner.errors import RefusedError
from provisioner.lock.uv import Target
from provisioner.machine import Machine
from provisioner.plan import Plan
from provisioner.version import at_least, numbers

_KERNELS = {"windows": "{}-pc-windows-msvc", "macos": "{}-apple-darwin"}
_MUSL = "{}-unknown-linux-musl"


def target_of(plan: Plan, catalog: Catalog, platforms: Sequence[str]) -> Target:
    """Return what a plan's packages are chosen for.

    ``platforms`` are those that uv knows. On Linux it is the newest glibc that uv knows and the
    machine reaches. Raises RefusedError ``no-lock-for-platform`` when there is none.
    """
    found = _platform(plan.machine, catalog, platforms)
    if found is None:
        machine = plan.machine
        raise RefusedError(
            "no-lock-for-platform",
            f"uv cannot choose packages for {machine.os_name} {machine.arch} from here.",
            context=(f"its C library: {machine.os.libc or 'not known'}",),
            hint="Name the system with --os, or save the machine with 'dlsetup detect --json'.",
        )
    macos = plan.machine.os.version if found.endswith("-apple-darwin") else None
    return Target(plan.python, found, macos)


def _platform(machine: Machine, catalog: Catalog, platforms: Sequence[str]) -> str | None:
    row = system(catalog, machine.os.id, machine.os.version)
    family = row.family if row else machine.os.id
    kind, _, version = (machine.os.libc or "").partition(" ")
    if family in _KERNELS or kind == "musl":
        name = _KERNELS.get(family, _MUSL).format(machine.arch)
        return name if name in platforms else None
    glibc = version if kind == "glibc" and version else (row.glibc if row else None)
    return _newest_reached(machine.arch, glibc, platforms) if glibc else None


def _newest_reached(arch: str, glibc: str, platforms: Sequence[str]) -> str | None:
    found = re.compile(rf"{re.escape(arch)}-manylinux_(\d+)_(\d+)")
    by_glibc = {f"{m[1]}.{m[2]}": name for name in platforms if (m := found.fullmatch(name))}
    reached = [version for version in by_glibc if at_least(glibc, version)]
    return by_glibc[max(reached, key=numbers)] if reached else None
