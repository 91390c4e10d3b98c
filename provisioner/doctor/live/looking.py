"""All probes of a machine, each on its own feet, and their lines put together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module

import msgspec

from provisioner.catalog.load import Catalog
from provisioner.detect.host import Host
from provisioner.detect.watch import Crew, Watch
from provisioner.doctor.reading import read
from provisioner.doctor.symptoms import Installed, Symptoms
from provisioner.machine import Machine
from provisioner.plan import Warning

_LIMIT_S = 20.0
"""How long all probes together may take; as a rule they take a tenth of a second."""
_PROBES = (
    "driver",
    "kernel_log",
    "system_packages",
    "secure_boot",
    "containers",
    "loader",
    "disks",
    "toolchain",
    "holders",
    "pci_link",
)

Probe = Callable[[Host, Machine], Iterator[str]]


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen, what was looked at, and what could not be seen and why."""

    symptoms: Symptoms
    looked_at: tuple[str, ...]
    warnings: tuple[Warning, ...] = ()


def look(
    host: Host,
    machine: Machine,
    catalog: Catalog,
    *,
    more: Sequence[str] = (),
    packages: Sequence[Installed] = (),
) -> Look:
    """Look at a machine. ``more`` are lines of an environment, ``packages`` what it holds."""
    crew = Crew(time.monotonic() + _LIMIT_S)
    watches = [(name, crew.add(_watch(name, host, machine))) for name in _PROBES]
    crew.work()
    lines = [line for _, watch in watches for line in watch.answer] + list(more)
    warnings = tuple(
        Warning("probe-failed", f"{name}: {watch.problem}")
        for name, watch in watches
        if watch.problem
    )
    symptoms = _with_machine(read("\n".join(lines), catalog), machine)
    symptoms = msgspec.structs.replace(symptoms, packages=(*packages, *symptoms.packages))
    looked_at = tuple(name.replace("_", " ") for name, watch in watches if not watch.problem)
    return Look(symptoms=symptoms, looked_at=looked_at, warnings=warnings)


def _watch(name: str, host: Host, machine: Machine) -> Watch[tuple[str, ...]]:
    probe: Probe = import_module(f"provisioner.doctor.live.{name}").see
    return Watch(name, lambda: tuple(probe(host, machine)), ())


def _with_machine(symptoms: Symptoms, machine: Machine) -> Symptoms:
    """Symptoms with what detection knows: facts are not read out of lines."""
    driver = machine.driver
    return msgspec.structs.replace(
        symptoms,
        reported=False,
        os_id=machine.os.id,
        os_version=machine.os.version,
        wsl=machine.os.wsl,
        container=machine.os.container is not None,
        arch=machine.arch,
        gpus=machine.gpus,
        driver=(driver.version if driver else None) or "",
        module=(driver.kernel_module_version if driver else None) or "",
        driver_cuda=(driver.cuda if driver else None) or "",
        gcc=(machine.tools.get("gcc") or "").partition(".")[0],
        glibc=(machine.os.libc or "").removeprefix("glibc ") if machine.os.libc else "",
        toolkit=".".join(machine.toolkits[0].version.split(".")[:2]) if machine.toolkits else "",
    )
