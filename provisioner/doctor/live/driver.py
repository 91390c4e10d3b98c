"""The driver: is it installed, is its module there for this kernel, and loaded; who has the GPU."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog.load import Catalog
from provisioner.detect import nvidia_kernel, pci
from provisioner.detect.host import Host
from provisioner.doctor.live import modules
from provisioner.machine import Machine

_PROGRAMS = ("/usr/bin/nvidia-smi", "/opt/bin/nvidia-smi", "/run/current-system/sw/bin/nvidia-smi")
_NVSWITCHES = "/proc/driver/nvidia-nvswitch/devices"
_FABRIC_MANAGER = "nv-fabricmanage"
"""As the kernel shortens the name of ``nv-fabricmanager``."""
_CONTROL = "/dev/nvidiactl"


def see(host: Host, machine: Machine, _: Catalog) -> Iterator[str]:
    """Say what is wrong with the driver on a machine with an NVIDIA GPU."""
    if machine.os.wsl:
        yield from _wsl(host, machine)
        return
    if not any(gpu.vendor == "nvidia" for gpu in machine.gpus) or _is_lent(host):
        return
    sight = nvidia_kernel.probe(host)
    if machine.os.container:
        yield from _refused(host)
    elif sight.module is not None:
        yield from _differing(host, sight)
        yield from _fabric(host)
    elif machine.driver is not None:
        return
    elif sight.library_version or any(map(host.exists, _PROGRAMS)):
        yield from _not_loaded(host, machine, nouveau=sight.nouveau)
    else:
        names = ", ".join(dict.fromkeys(gpu.name for gpu in machine.gpus if gpu.vendor == "nvidia"))
        yield f"no NVIDIA driver is installed for {names}"


def _is_lent(host: Host) -> bool:
    """Whether every GPU is kept for virtual machines."""
    bound = {one.driver for one in pci.probe(host) if pci.VENDORS[one.vendor] == "nvidia"}
    return bound == {"vfio-pci"}


def _differing(host: Host, sight: nvidia_kernel.KernelSight) -> Iterator[str]:
    """Module and library of two releases; libcuda alone may be of another one (cuda-compat)."""
    if sight.module is None:
        return
    versions = {
        version
        for folder in nvidia_kernel.LIBRARY_FOLDERS
        if (version := _linked(host, folder)) and version != sight.module.version
    }
    for version in sorted(versions):
        yield f"NVML library version: {version}, and the kernel module is {sight.module.version}"


def _linked(host: Host, folder: str) -> str | None:
    """The version in the name that ``libnvidia-ml.so.1`` leads to."""
    name = (host.link(f"{folder}/libnvidia-ml.so.1") or "").rpartition("/")[2]
    version = name.removeprefix("libnvidia-ml.so.")
    return version if "." in version and version.replace(".", "").isdigit() else None


def _not_loaded(host: Host, machine: Machine, *, nouveau: bool) -> Iterator[str]:
    kernel = machine.os.kernel or ""
    listed = modules.are_listed(host, kernel)
    yield from modules.missing(host, kernel)
    if listed and not modules.has_nvidia(host, kernel):
        return
    if nouveau:
        yield "NVIDIA's driver is installed and not loaded, Kernel driver in use: nouveau"
        return
    if not listed:
        yield from modules.of_others(host, kernel)
        return
    blocked = modules.blacklisted(host)
    reason = f": {blocked}" if blocked else ""
    yield f"the module nvidia is there for {kernel} and is not loaded{reason}"


def _fabric(host: Host) -> Iterator[str]:
    """NVSwitches join the GPUs only while their service runs; CUDA gives 802 until then."""
    if not host.entries(_NVSWITCHES):
        return
    processes = (name for name in host.entries("/proc") if name.isdigit())
    if not any(host.line(f"/proc/{one}/comm") == _FABRIC_MANAGER for one in processes):
        yield "NVSwitches are here, and nvidia-fabricmanager does not run"


def _refused(host: Host) -> Iterator[str]:
    """A device that is there and that the rules of the container's cgroup no longer let open."""
    import errno
    import os

    if not host.live or not host.exists(_CONTROL):
        return
    try:
        os.close(os.open(_CONTROL, os.O_RDWR | os.O_CLOEXEC))
    except OSError as problem:
        if problem.errno == errno.EPERM:
            yield f"{_CONTROL}: the device cgroup of the container refuses it"


def _wsl(host: Host, machine: Machine) -> Iterator[str]:
    if machine.os.container:
        return
    if not host.exists("/dev/dxg"):
        yield "/dev/dxg is missing: WSL gives no GPU to Linux"
    elif host.entries("/usr/lib/wsl/drivers", "nv") and not host.entries(
        "/usr/lib/wsl/lib", "libcuda.so"
    ):
        yield "libcuda.so: cannot open shared object file in /usr/lib/wsl/lib"
    own = [
        f"{folder}/{name}"
        for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib64")
        for name in host.entries(folder, "libnvidia-ml.so")
    ]
    if own:
        yield f"a Linux driver is installed inside WSL: {own[0]} beside /usr/lib/wsl/lib"
