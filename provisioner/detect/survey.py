"""The survey: all probes, then their answers put together as one Machine."""

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
from provisioner.detect.pci import PciDevice
from provisioner.detect.reports import NvmlReport, SmiReport
from provisioner.detect.troubles import troubles_of
from provisioner.detect.watch import Crew, Watch
from provisioner.machine import Cpu, Disk, Gpu, Interpreter, Machine, OperatingSystem, Toolkit
from provisioner.plan import Warning

_UNKNOWN_OS = OperatingSystem(id="unknown", version="unknown")
_PROGRAMS_IN_A_ROW = 3
_SMI_FOLDERS = ("/usr/lib/wsl/lib", "/usr/bin", "/usr/local/nvidia/bin", "/opt/bin")
"""Where nvidia-smi lies when it is not on PATH: WSL, everywhere, GKE, Container-Optimized OS."""


class Survey:
    """The probes of one look at one machine; ``started`` is the monotonic time of the call."""

    def __init__(self, host: Host, started: float) -> None:
        deadline = started + _PROGRAMS_IN_A_ROW * (host.time_limit_s + 1)
        crew = Crew(deadline)
        self._host = host
        self._crew = crew
        no_cpu = Cpu(), cpu.arch_of(host), "procfs"
        no_memory: tuple[int | None, str] = None, "procfs"
        no_disks: tuple[tuple[Disk, ...], str] = (), "statvfs"
        self._os = crew.add(
            Watch("os", lambda: os_release.probe(host), (_UNKNOWN_OS, "os-release"))
        )
        self._cpu = crew.add(Watch("cpu", lambda: cpu.probe(host), no_cpu))
        self._memory = crew.add(Watch("memory", lambda: memory.probe(host), no_memory))
        self._pci = crew.add(Watch[tuple[PciDevice, ...]]("pci", lambda: pci.probe(host), ()))
        self._gfx = crew.add(Watch[dict[str, str]]("kfd", lambda: amd_kfd.probe(host), {}))
        self._module = crew.add(
            Watch("nvidia", lambda: nvidia_kernel.probe(host), KernelSight(None, (), None, False))
        )
        self._nvml = crew.add(Watch[NvmlReport | None]("nvml", lambda: nvml.probe(host), None))
        self._smi = crew.add(Watch[SmiReport | None]("nvidia-smi", self._ask_smi, None))
        self._containers = crew.add(
            Watch[dict[str, "str | bool | None"]]("containers", lambda: containers.probe(host), {})
        )
        self._toolkits = crew.add(
            Watch[tuple[Toolkit, ...]]("toolkits", lambda: toolkits.probe(host), ())
        )
        self._tools = crew.add(
            Watch[dict[str, "str | None"]]("tools", lambda: tools.probe(host), {})
        )
        self._pythons = crew.add(
            Watch[tuple[Interpreter, ...]]("pythons", lambda: pythons.probe(host), ())
        )
        self._disks = crew.add(
            Watch("disks", lambda: disks.probe(host) if host.live else no_disks, no_disks)
        )

    def machine(self, catalog: GpuByPciId | None) -> tuple[Machine, tuple[Warning, ...]]:
        """Look, and say what was seen and what to know about it."""
        self._crew.work()
        os_, os_source = self._os.answer
        cpu_, arch, cpu_source = self._cpu.answer
        memory_bytes, memory_source = self._memory.answer
        disks_, disks_source = self._disks.answer
        sight = self._sight()
        gpus, gpus_source = _gpus(self._host, sight, catalog, arch)
        driver, driver_source = driver_of(sight)
        looked = driver is not None or _looked_for_driver(self._host)
        sources = {
            "os": os_source,
            "arch": "uname" if self._host.live else "procfs",
            "cpu": cpu_source,
            "memory_bytes": memory_source,
            "gpus": gpus_source,
            **({"driver": driver_source} if looked else {}),
            "toolkits": "filesystem",
            "containers": "programs",
            "tools": "programs",
            **({"pythons": "programs", "disks": disks_source} if self._host.live else {}),
        }
        machine = Machine(
            os=os_,
            arch=arch,
            cpu=cpu_,
            memory_bytes=memory_bytes,
            gpus=gpus,
            driver=driver,
            toolkits=self._toolkits.answer,
            pythons=self._pythons.answer,
            containers=self._containers.answer,
            tools=self._tools.answer,
            disks=disks_,
            sources=sources,
        )
        return machine, (
            *troubles_of(sight, driver, os_.container),
            *_daemon_trouble(machine),
            *self._failures(),
        )

    def _ask_smi(self) -> SmiReport | None:
        """nvidia-smi is asked for what NVML leaves open."""
        self._nvml.ended_by(self._crew.deadline)
        report = self._nvml.answer
        if report is not None and report.gpus and not report.error:
            return None
        program = "nvidia-smi"
        if self._host.live:
            found = self._host.which(program, *_SMI_FOLDERS)
            if found is None:
                return None
            program = found
        from provisioner.detect import nvidia_smi

        return nvidia_smi.probe(self._host, program)

    def _sight(self) -> Sight:
        return Sight(
            pci=self._pci.answer,
            kernel=self._module.answer,
            nvml=self._nvml.answer or NvmlReport(),
            smi=self._smi.answer or SmiReport(),
            gfx_targets=self._gfx.answer,
        )

    def _failures(self) -> Iterator[Warning]:
        for watch in self._crew.watches:
            if watch.problem:
                yield Warning("probe-failed", f"{watch.name}: {watch.problem}")
        for program in self._host.unanswered:
            yield Warning("probe-failed", f"{program} did not end in time")


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
