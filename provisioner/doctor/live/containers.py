"""Container engines beside a GPU: is there a toolkit, and does the engine know of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.catalog.load import Catalog
from provisioner.detect.host import Host
from provisioner.machine import Machine

_GPU = re.compile(r"nvidia\d+")
_SPECIFICATIONS = ("/etc/cdi", "/var/run/cdi")
_SETTINGS, _UNIT = "/etc/docker/daemon.json", "/etc/systemd/system/docker.service.d"
_CGROUP_DRIVER = re.compile(r"native\.cgroupdriver=(\w+)")
_MAJOR = re.compile(r"(?m)^ *(\d+) nvidia(?:-frontend)?$")


def see(host: Host, machine: Machine, _: Catalog) -> Iterator[str]:
    """Say what keeps GPUs out of containers, or this container from its GPUs."""
    nvidia = any(gpu.vendor == "nvidia" for gpu in machine.gpus)
    if machine.os.container:
        given = any(map(_GPU.fullmatch, host.entries("/dev", "nvidia")))
        if nvidia and not given and not host.exists("/dev/dxg"):
            yield "this container was started without --gpus: no /dev/nvidia0 inside"
        return
    engines = [name for name in ("docker", "podman") if machine.containers.get(name)]
    if "docker" in engines and machine.containers.get("docker_daemon") is False:
        engines.remove("docker")
    if not nvidia or not engines:
        return
    if machine.containers.get("nvidia_container_toolkit") is None:
        yield f"{engines[0]} cannot give GPUs to containers: NVIDIA Container Toolkit is not here"
        return
    configured = machine.containers.get("docker_nvidia_runtime") or any(
        host.entries(folder) for folder in _SPECIFICATIONS
    )
    if not configured and "docker" in engines:
        yield "docker knows no way to GPUs: neither /etc/docker/daemon.json nor CDI names NVIDIA's"
    elif "docker" in engines:
        yield from _lost_at_reload(host)
    yield from _stale(host, machine)


def _lost_at_reload(host: Host) -> Iterator[str]:
    """Devices that systemd cannot name: it takes them from containers when it reloads its units.

    The hook of NVIDIA's runtime gives them; CDI would have its specification.
    """
    devices = host.entries("/dev/char")
    major = _MAJOR.search(host.read("/proc/devices") or "")
    by_cdi = any(host.entries(folder) for folder in _SPECIFICATIONS)
    if by_cdi or major is None or not devices or not _is_by_systemd(host):
        return
    if not any(name.startswith(f"{major[1]}:") for name in devices):
        yield (
            "a container would lose its GPUs at systemctl daemon-reload: the cgroup driver of "
            f"docker is systemd, and /dev/char has no link to NVIDIA's devices, {major[1]}:0"
        )


def _is_by_systemd(host: Host) -> bool:
    """Whether docker lets systemd write cgroups: as it is told to, else where they are of v2."""
    told = [host.read(_SETTINGS), *(host.read(f"{_UNIT}/{one}") for one in host.entries(_UNIT))]
    if match := _CGROUP_DRIVER.search("\n".join(filter(None, told))):
        return match[1] == "systemd"
    return host.exists("/run/systemd/system") and host.exists("/sys/fs/cgroup/cgroup.controllers")


def _stale(host: Host, machine: Machine) -> Iterator[str]:
    """A CDI specification that names the files of another driver than runs."""
    version = machine.driver.kernel_module_version if machine.driver else None
    for folder in _SPECIFICATIONS:
        for name in host.entries(folder, "nvidia"):
            text = host.read(f"{folder}/{name}") or ""
            if version and "libnvidia-ml.so." in text and f"libnvidia-ml.so.{version}" not in text:
                yield f"{folder}/{name}: unresolvable CDI devices, it is of another driver"
