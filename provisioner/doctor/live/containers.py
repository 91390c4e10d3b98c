"""Container engines beside a GPU: is there a toolkit, and does the engine know of it."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.detect.host import Host
from provisioner.machine import Machine

_SPECIFICATIONS = ("/etc/cdi", "/var/run/cdi")


def see(host: Host, machine: Machine) -> Iterator[str]:
    """Say what keeps GPUs out of containers, or this container from its GPUs."""
    nvidia = any(gpu.vendor == "nvidia" for gpu in machine.gpus)
    if machine.os.container:
        if nvidia and not host.entries("/dev", "nvidia"):
            yield "this container was started without --gpus: no /dev/nvidia* inside"
        return
    engine = machine.containers.get("docker") or machine.containers.get("podman")
    if not nvidia or not engine:
        return
    toolkit = machine.containers.get("nvidia_container_toolkit")
    if toolkit is None:
        yield 'could not select device driver "" with capabilities: [[gpu]]: no toolkit is here'
        return
    configured = machine.containers.get("docker_nvidia_runtime") or any(
        host.entries(folder) for folder in _SPECIFICATIONS
    )
    if not configured:
        yield "Unknown runtime specified nvidia: neither daemon.json nor CDI names it"
    yield from _stale(host, machine)


def _stale(host: Host, machine: Machine) -> Iterator[str]:
    """A CDI specification that names the files of another driver than runs."""
    version = machine.driver.kernel_module_version if machine.driver else None
    for folder in _SPECIFICATIONS:
        for name in host.entries(folder, "nvidia"):
            text = host.read(f"{folder}/{name}") or ""
            if version and "libnvidia-ml.so." in text and f"libnvidia-ml.so.{version}" not in text:
                yield f"{folder}/{name}: unresolvable CDI devices, it is of another driver"
