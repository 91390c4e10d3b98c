"""The driver: is its module there for this kernel, and loaded; who holds the GPU instead."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.detect import nvidia_kernel
from provisioner.detect.host import Host
from provisioner.machine import Machine

_MODULES = "/lib/modules"
_PLACES = (
    "updates/dkms",
    "updates",
    "extra",
    "extra/nvidia",
    "kernel/drivers/video",
    "weak-updates",
)
_NVSWITCH = ("/dev/nvidia-nvswitchctl", "/proc/driver/nvidia-nvswitch/devices")


def see(host: Host, machine: Machine) -> Iterator[str]:
    """Say what is wrong with the driver on a machine with an NVIDIA GPU."""
    if machine.os.wsl:
        yield from _wsl(host)
        return
    if not any(gpu.vendor == "nvidia" for gpu in machine.gpus):
        return
    sight = nvidia_kernel.probe(host)
    if sight.module is None and not machine.os.container:
        yield from _not_loaded(host, machine, nouveau=sight.nouveau)
    elif sight.module is not None:
        yield f"NVRM version: NVIDIA Kernel Module {sight.module.version} "
        yield from _fabric(host)
        if not host.exists("/sys/module/nvidia_uvm") and not host.exists("/dev/nvidia-uvm"):
            yield "nvidia_uvm is not loaded"
    if sight.library_version:
        yield f"NVML library version: {sight.library_version}" if _differs(sight) else ""


def _differs(sight: nvidia_kernel.KernelSight) -> bool:
    return sight.module is not None and sight.module.version != sight.library_version


def _not_loaded(host: Host, machine: Machine, *, nouveau: bool) -> Iterator[str]:
    for slot in host.entries("/sys/bus/pci/devices"):
        bound = host.link(f"/sys/bus/pci/devices/{slot}/driver") or ""
        vendor = host.line(f"/sys/bus/pci/devices/{slot}/vendor")
        if vendor == "0x10de" and bound.endswith("/nouveau"):
            yield f"{slot}: Kernel driver in use: nouveau"
    if nouveau:
        yield "lsmod: nouveau"
    if not _is_installed(host):
        return
    yield "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."
    kernel = machine.os.kernel or ""
    if kernel and host.exists(f"{_MODULES}/{kernel}") and not has_module(host, kernel):
        yield f"modprobe: FATAL: Module nvidia not found in directory {_MODULES}/{kernel}"
        others = [name for name in host.entries(_MODULES) if has_module(host, name)]
        if others:
            yield f"the module was built for {', '.join(others)}: kernel upgrade"
        if not host.exists(f"{_MODULES}/{kernel}/build"):
            yield f"Your kernel headers for kernel {kernel} cannot be found"


def _is_installed(host: Host) -> bool:
    """Whether somebody installed a driver: its libraries or its program are there."""
    return nvidia_kernel.probe(host).library_version is not None or host.exists(
        "/usr/bin/nvidia-smi"
    )


def has_module(host: Host, kernel: str) -> bool:
    """Whether a module of the driver was built or delivered for a kernel."""
    folders = [f"{_MODULES}/{kernel}/{place}" for place in _PLACES]
    folders += [f"{_MODULES}/{kernel}/kernel/nvidia-{one}" for one in _branches(host, kernel)]
    return any(name.startswith("nvidia.ko") for folder in folders for name in host.entries(folder))


def _branches(host: Host, kernel: str) -> Iterator[str]:
    """The folders of modules that Ubuntu links together: ``kernel/nvidia-580``."""
    for name in host.entries(f"{_MODULES}/{kernel}/kernel", "nvidia-"):
        yield name.removeprefix("nvidia-")


def _fabric(host: Host) -> Iterator[str]:
    if not any(host.exists(path) and _is_there(host, path) for path in _NVSWITCH):
        return
    running = host.exists("/var/run/nvidia-fabricmanager/nv-fabricmanager.pid")
    if not running:
        yield "NVSwitch: nvidia-fabricmanager is not running"


def _is_there(host: Host, path: str) -> bool:
    return bool(host.entries(path)) or not path.endswith("/devices")


def _wsl(host: Host) -> Iterator[str]:
    if not host.exists("/dev/dxg"):
        yield "/dev/dxg is missing: WSL gives no GPU to Linux"
    if not host.entries("/usr/lib/wsl/lib", "libcuda.so"):
        yield "libcuda.so: cannot open shared object file in /usr/lib/wsl/lib"
    own = [
        name
        for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib64")
        for name in host.entries(folder, "libnvidia-ml.so")
    ]
    if own:
        yield f"a Linux driver is installed inside WSL: {own[0]} beside /usr/lib/wsl/lib"
