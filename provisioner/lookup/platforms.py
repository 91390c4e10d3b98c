"""A machine of nobody's: what rules about builds ask of it, for one platform and maybe one GPU."""

from __future__ import annotations

from provisioner.catalog.load import Catalog
from provisioner.machine import Gpu, Machine, OperatingSystem
from provisioner.plan import Request
from provisioner.resolve.facts import Facts


def facts_on(catalog: Catalog, platform: str, gpu: Gpu | None = None) -> Facts:
    """The catalog's facts as a machine of that platform (``linux-x86_64``) would see them.

    On ``windows-`` platforms it is the Windows driver's versions that count.
    """
    system, _, arch = platform.partition("-")
    machine = Machine(
        os=OperatingSystem(id=system, version="", wsl=system == "windows"),
        arch=arch,
        gpus=(gpu,) if gpu else (),
    )
    return Facts(machine, Request(requirements=()), catalog)


def platform_order(platform: str) -> tuple[int, bool, str]:
    """What sorts platforms in the order people look for them: Linux first, x86_64 before others."""
    system, _, machine = platform.partition("-")
    systems = ("linux", "any", "windows", "macos")
    place = systems.index(system) if system in systems else len(systems)
    return place, machine != "x86_64", machine
