"""Container engines beside a GPU: is there a toolkit, and does the engine know of it."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog.load import Catalog
from provisioner.detect.host import Host
from provisioner.machine import Machine

_SPECIFICATIONS = ("/etc/cdi", "/var/run/cdi")


def see(host: Host, machine: Machine, _: Catalog) -> Iterator[str]:
    """Say what keeps GPUs out of containers, or this container from its GPUs."""
    nvidia = any(gpu.vendor == "nvidia" for gpu in machine.gpus)
    if machine.os.container:
        if nvidia and not host.entries("/dev", "nvidia") and not host.exists("/dev/dxg"):
            yield "this container was started without --gpus: no /dev/nvidia* inside"
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
    yield from _stale(host, machine)


def _stale(host: Host, machine: Machine) -> Iterator[str]:
    """A CDI specification that names the files of another driver than runs."""
    version = machine.driver.kernel_module_version if machine.driver else None
    for folder in _SPECIFICATIONS:
        for name in host.entries(folder, "nvidia"):
            text = host.read(f"{folder}/{name}") or ""
            if version and "libnvidia-ml.so." in text and f"libnvidia-ml.so.{version}" not in text:
                yield f"{folder}/{name}: unresolvable CDI devices, it is of another driver"
