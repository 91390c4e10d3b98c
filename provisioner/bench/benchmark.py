"""The whole of it: every part in its order and time, and the report they make together."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from provisioner import __version__
from provisioner.bench import disk, frameworks, gpus, processor
from provisioner.bench.expected import Judge
from provisioner.bench.gpus import Device
from provisioner.bench.lines import Told
from provisioner.bench.runs import NotMeasured, rounded
from provisioner.bench.watch import UnderLoad, under_load, watched
from provisioner.catalog.load import Catalog
from provisioner.machine import Machine
from provisioner.plan import Plan, Warning
from provisioner.progress import SILENT, Progress
from provisioner.report import Measurement

_PROCESSOR_S, _MEMORY_S, _DISK_S = 5.0, 3.0, 6.0
_COPIES_S, _FRAMEWORKS_S = 8.0, 24.0
"""Shared by all GPUs, and by all frameworks."""
_BUSY = 0.5
"""Programs for each core; above it, measures have to share theirs."""


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured on, as far as it decides the numbers."""

    os: str
    arch: str
    cpu: str | None
    cores: int
    """Those that this process may use."""
    memory_bytes: int | None
    gpus: tuple[str, ...]
    driver: str | None
    disk: str
    """The folder whose file system was measured."""
    file_system: str
    zlib: str
    load: float | None = None
    """Programs that wanted to run in the minute before, a part of each core."""


class Package(msgspec.Struct, frozen=True):
    """A framework that was at work."""

    name: str
    version: str


class Within(msgspec.Struct, frozen=True, kw_only=True):
    """The environment whose frameworks were at work."""

    name: str
    python: str
    packages: tuple[Package, ...]


class Benchmark(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to; two of them can be compared."""

    results: tuple[Measurement, ...]
    dlsetup: str
    machine: Surroundings
    environment: Within | None = None
    gpus: tuple[UnderLoad, ...] = ()
    not_measured: tuple[NotMeasured, ...] = ()


class Inside(msgspec.Struct, frozen=True, kw_only=True):
    """An environment to measure in."""

    name: str
    interpreter: Path
    python: str
    plan: Plan
    gpus: tuple[str, ...] | None = None
    """The UUIDs of the GPUs it may use; None is all that there are."""


def bench(
    machine: Machine,
    catalog: Catalog,
    folder: Path,
    inside: Inside | None = None,
    tell: Progress = SILENT,
) -> tuple[Benchmark, tuple[Warning, ...]]:
    """Measure a machine, and with ``inside`` its frameworks; return the report and what it means.

    ``folder`` is where environments lie. Nothing is left behind, also where this is interrupted.
    A part that fails is told as not measured.
    """
    load = _load()
    run = _Run(machine, catalog, tell)
    run.without_gpus(folder)
    run.with_gpus(inside)
    judge = Judge(catalog, run.devices, run.seen)
    results = tuple(judge.judged(result) for result in run.results)
    report = Benchmark(
        results=results,
        dlsetup=__version__,
        machine=_surroundings(machine, folder, load),
        environment=_within(inside) if inside else None,
        gpus=tuple(run.seen),
        not_measured=tuple(run.missing),
    )
    return report, (*busy(load), *judge.warnings(results))


class _Run:
    """One run: what it found so far."""

    def __init__(self, machine: Machine, catalog: Catalog, tell: Progress) -> None:
        self._machine = machine
        self._catalog = catalog
        self._tell = tell
        self.results: list[Measurement] = []
        self.missing: list[NotMeasured] = []
        self.seen: list[UnderLoad] = []
        self.devices: tuple[Device, ...] = gpus.devices(machine)

    def without_gpus(self, folder: Path) -> None:
        """Processor, memory and disk."""
        self._tell.step("measuring the processor")
        self.results += processor.compression(_PROCESSOR_S)
        self._tell.step("measuring memory")
        self.results += processor.memory_copy(_MEMORY_S, self._machine.memory_bytes)
        self._tell.step("measuring the disk")
        found, missing = disk.disk(folder, _DISK_S)
        self.results += found
        self.missing += missing

    def with_gpus(self, inside: Inside | None) -> None:
        """The GPUs by themselves, then the frameworks, all of it under watch."""
        self.missing += _others(self._machine)
        if inside and inside.gpus is not None:
            self.devices = gpus.devices(self._machine, inside.gpus)
        if not self.devices or self._machine.driver is None:
            self.missing.append(NotMeasured("GPUs", _why_none(self._machine, inside)))
            self._frameworks(inside, ())
            return
        with watched() as watch:
            self._tell.step("measuring copies of the GPUs")
            copies = gpus.copies(self.devices, _COPIES_S)
            self._take(copies)
            at_work = {result.device for result in copies.results}
            able = tuple(one for one in self.devices if one.label in at_work)
            intervals = copies.intervals + self._frameworks(inside, able).intervals
        self.seen = under_load(self.devices, watch.samples, intervals)
        unseen = {one.label for one in able} - {one.device for one in self.seen}
        for label in sorted(unseen):
            why = watch.error or "NVML told nothing while it worked"
            self.missing.append(NotMeasured(f"link, clocks and temperature of {label}", why))

    def _frameworks(self, inside: Inside | None, able: tuple[Device, ...]) -> Told:
        whole = Told()
        if inside is None:
            self.missing.append(
                NotMeasured("frameworks", "no environment was named: dlsetup bench NAME")
            )
            return whole
        found = frameworks.programs(inside.plan.pins)
        if not found:
            why = f"{inside.name} holds none of torch, tensorflow and jax"
            self.missing.append(NotMeasured("frameworks", why))
        used = able if inside.plan.accelerator == "cuda" else ()
        if able and not used:
            why = f"{inside.name} computes on {inside.plan.accelerator}"
            self.missing.append(NotMeasured("frameworks on GPUs", why))
        for program in found:
            self._tell.step(f"measuring {program} at work")
            share = _FRAMEWORKS_S / len(found)
            one = frameworks.work(program, inside.interpreter, used, self._precisions, share)
            self._take(one)
            whole.intervals.extend(one.intervals)
        if found:
            self.missing += frameworks.left_out(used, self._precisions)
        return whole

    def _take(self, told: Told) -> None:
        self.results += told.results
        self.missing += told.missing

    def _precisions(self, device: Device) -> Sequence[str]:
        capability = device.gpu.compute_capability
        rows = self._catalog.architectures
        return next((row.precisions for row in rows if row.compute_capability == capability), ())


def _others(machine: Machine) -> list[NotMeasured]:
    """The GPUs of makers whose libraries are not asked."""
    names = dict.fromkeys(gpu.name for gpu in machine.gpus if gpu.vendor != "nvidia")
    return [NotMeasured(name, "only NVIDIA's GPUs are measured so far") for name in names]


def _why_none(machine: Machine, inside: Inside | None) -> str:
    if not gpus.devices(machine):
        return "no NVIDIA GPU was found"
    if machine.driver is None:
        return "no NVIDIA driver is loaded"
    return f"{inside.name if inside else 'it'} may use none of them"


def _surroundings(machine: Machine, folder: Path, load: float | None) -> Surroundings:
    return Surroundings(
        os=machine.os_name,
        arch=machine.arch,
        cpu=machine.cpu.name,
        cores=processor.cores(),
        memory_bytes=machine.memory_bytes,
        gpus=tuple(gpu.name for gpu in machine.gpus),
        driver=machine.driver.version if machine.driver else None,
        disk=str(folder),
        file_system=disk.file_system(folder),
        zlib=zlib.ZLIB_RUNTIME_VERSION,
        load=load,
    )


def _load() -> float | None:
    try:
        return rounded(os.getloadavg()[0] / processor.cores())
    except OSError:
        return None


def busy(load: float | None, where: str = "") -> Iterator[Warning]:
    """Tell that a run shared the machine with other programs; ``where`` names which run."""
    if load is not None and load > _BUSY:
        first = f"{where}: other" if where else "Other"
        told = f"{first} programs were at work: {load:g} for each core in the minute before. "
        yield Warning("machine-busy", f"{told}What was measured may be too low.")


def _within(inside: Inside) -> Within:
    packages = tuple(Package(pin.name, pin.version) for pin in inside.plan.pins)
    return Within(name=inside.name, python=inside.python, packages=packages)
