"""The survey: all probes at once, then their answers put together as one Machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from provisioner.detect import (
    amd_kfd,
    containers,
    cpu,
    disks,
    memory,
    nvidia_kernel,
    nvml,
    os_release,
    pci,
    pythons,
    toolkits,
    tools,
)
from provisioner.detect.gpus import GpuByPciId, Sight, driver_of, gpus_of
from provisioner.detect.host import Host
from provisioner.detect.nvidia_kernel import KernelSight
from provisioner.detect.nvidia_smi import SmiReport
from provisioner.detect.nvml import NvmlReport
from provisioner.detect.pci import PciDevice
from provisioner.detect.troubles import troubles_of
from provisioner.detect.watch import Watch
from provisioner.machine import Cpu, Disk, Gpu, Interpreter, Machine, OperatingSystem, Toolkit
from provisioner.plan import Warning

_UNKNOWN_OS = OperatingSystem(id="unknown", version="unknown")
_PROGRAMS_IN_A_ROW = 3


def survey(
    host: Host, catalog: GpuByPciId | None, started: float
) -> tuple[Machine, tuple[Warning, ...]]:
    """The machine and what to know of it; ``started`` is the monotonic time of the call."""
    deadline = started + _PROGRAMS_IN_A_ROW * (host.time_limit_s + 1)
    no_cpu = Cpu(), cpu.arch_of(host), "procfs"
    no_memory: tuple[int | None, str] = None, "procfs"
    no_disks: tuple[tuple[Disk, ...], str] = (), "statvfs"
    system = Watch("os", lambda: os_release.probe(host), (_UNKNOWN_OS, "os-release"))
    processor = Watch("cpu", lambda: cpu.probe(host), no_cpu)
    ram = Watch("memory", lambda: memory.probe(host), no_memory)
    storage = Watch("disks", lambda: disks.probe(host) if host.live else no_disks, no_disks)
    engines = Watch[dict[str, "str | bool | None"]](
        "containers", lambda: containers.probe(host), {}
    )
    kits = Watch[tuple[Toolkit, ...]]("toolkits", lambda: toolkits.probe(host), ())
    runners = Watch[dict[str, "str | None"]]("tools", lambda: tools.probe(host), {})
    interpreters = Watch[tuple[Interpreter, ...]]("pythons", lambda: pythons.probe(host), ())
    sight, troubles = _look_for_gpus(host, deadline)
    os_, os_source = system.answer_by(deadline)
    cpu_, arch, cpu_source = processor.answer_by(deadline)
    memory_bytes, memory_source = ram.answer_by(deadline)
    disks_, disks_source = storage.answer_by(deadline)
    gpus, gpus_source = _gpus(host, sight, catalog, arch)
    driver, driver_source = driver_of(sight)
    sources = {
        "os": os_source,
        "arch": "uname" if host.live else "procfs",
        "cpu": cpu_source,
        "memory": memory_source,
        "gpus": gpus_source,
        **({"driver": driver_source} if _looked_for_driver(host) or driver else {}),
        "toolkits": "filesystem",
        "containers": "programs",
        "tools": "programs",
    }
    if host.live:
        sources |= {"pythons": "programs", "disks": disks_source}
    machine = Machine(
        os=os_,
        arch=arch,
        cpu=cpu_,
        memory_bytes=memory_bytes,
        gpus=gpus,
        driver=driver,
        toolkits=kits.answer_by(deadline),
        pythons=interpreters.answer_by(deadline),
        containers=engines.answer_by(deadline),
        tools=runners.answer_by(deadline),
        disks=disks_,
        sources=sources,
    )
    watches = (system, processor, ram, storage, engines, kits, runners, interpreters)
    return machine, (
        *troubles_of(sight, driver, os_.container),
        *_daemon_trouble(machine),
        *troubles,
        *(_failed(watch.name, watch.problem) for watch in watches if watch.problem),
        *(_failed(program, "it did not end in time") for program in host.unanswered),
    )


def _look_for_gpus(host: Host, deadline: float) -> tuple[Sight, tuple[Warning, ...]]:
    """Everything that can be seen of GPUs; nvidia-smi is asked for what NVML leaves open."""
    bus = Watch[tuple[PciDevice, ...]]("pci", lambda: pci.probe(host), ())
    module = Watch("nvidia", lambda: nvidia_kernel.probe(host), KernelSight(None, (), None, False))
    library = Watch[NvmlReport | None]("nvml", lambda: nvml.probe(host), None)
    targets = Watch[dict[str, str]]("kfd", lambda: amd_kfd.probe(host), {})
    report = library.answer_by(deadline) or NvmlReport()
    needs_smi = not report.gpus or report.error
    smi = Watch("nvidia-smi", lambda: _smi(host) if needs_smi else None, None)
    said = smi.answer_by(deadline)
    sight = Sight(
        pci=bus.answer_by(deadline),
        kernel=module.answer_by(deadline),
        nvml=report,
        smi=said or SmiReport(),
        gfx_targets=targets.answer_by(deadline),
    )
    watches = (bus, module, library, targets, smi)
    return sight, tuple(_failed(watch.name, watch.problem) for watch in watches if watch.problem)


def _smi(host: Host) -> SmiReport | None:
    from provisioner.detect import nvidia_smi

    return nvidia_smi.probe(host)


def _gpus(
    host: Host, sight: Sight, catalog: GpuByPciId | None, arch: str
) -> tuple[tuple[Gpu, ...], str]:
    if host.live and sys.platform == "darwin" and arch == "aarch64":
        return (Gpu(name="Apple M-series", vendor="apple"),), "platform"
    return gpus_of(sight, catalog)


def _looked_for_driver(host: Host) -> bool:
    """Without procfs and sysfs nobody can have seen a driver; macOS can have none."""
    return host.exists("/proc") or host.exists("/sys") or (host.live and sys.platform == "darwin")


def _daemon_trouble(machine: Machine) -> Iterator[Warning]:
    problem = machine.containers.get("docker_problem")
    if problem:
        yield Warning("docker-daemon-unreachable", f"A docker client is here, but {problem}.")


def _failed(name: str, problem: str | None) -> Warning:
    return Warning("probe-failed", f"{name}: {problem or 'it failed'}")
