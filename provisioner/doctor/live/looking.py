"""All probes of a machine, each on its own feet, and their lines put together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module

import msgspec

from provisioner.catalog.load import Catalog
from provisioner.detect.host import Host
from provisioner.detect.watch import Crew, Watch
from provisioner.doctor.live import toolchain
from provisioner.doctor.symptoms import Installed, Symptoms
from provisioner.machine import Machine
from provisioner.plan import Warning

_LIMIT_S = 20.0
"""How long all probes together may take; as a rule they take a tenth of a second."""
_OF_PROGRAMS = frozenset(("loader",))
"""Probes of what harms frameworks: they are left out where none is known of."""
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

Probe = Callable[[Host, Machine, Catalog], Iterator["str | Warning"]]
"""Lines that signs are looked for in; a warning is for people alone."""


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
    harmed = any(one.name in catalog.frameworks for one in packages)
    probes = [name for name in _PROBES if harmed or name not in _OF_PROGRAMS]
    watches = [(name, crew.add(_watch(name, host, machine, catalog))) for name in probes]
    crew.work()
    told = [one for _, watch in watches for one in watch.answer]
    lines = [*(one for one in told if isinstance(one, str)), *more]
    failed = [
        Warning("probe-failed", f"{name}: {watch.problem}")
        for name, watch in watches
        if watch.problem
    ]
    symptoms = _with_machine(_read(lines, catalog), host, machine)
    return Look(
        symptoms=msgspec.structs.replace(symptoms, packages=(*packages, *symptoms.packages)),
        looked_at=tuple(name.replace("_", " ") for name, watch in watches if not watch.problem),
        warnings=(*(one for one in told if isinstance(one, Warning)), *failed),
    )


def _read(lines: Sequence[str], catalog: Catalog) -> Symptoms:
    if not lines:
        return Symptoms(text="")
    from provisioner.doctor.reading import read

    return read("\n".join(lines), catalog)


def _watch(
    name: str, host: Host, machine: Machine, catalog: Catalog
) -> Watch[tuple[str | Warning, ...]]:
    probe: Probe = import_module(f"provisioner.doctor.live.{name}").see
    return Watch(name, lambda: tuple(probe(host, machine, catalog)), ())


def _with_machine(symptoms: Symptoms, host: Host, machine: Machine) -> Symptoms:
    """Symptoms with what detection knows: facts are not read out of lines."""
    driver, libc = machine.driver, machine.os.libc or ""
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
        glibc=libc.removeprefix("glibc ") if libc.startswith("glibc ") else "",
        toolkit=toolchain.used(host, machine),
        examined=True,
        cpu_wanted=not machine.gpus,
    )
