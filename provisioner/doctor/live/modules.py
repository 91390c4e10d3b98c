"""Kernel modules of NVIDIA's driver: built for which kernels, and why not for this one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.detect.host import Host

_MODULES = "/lib/modules"
_DKMS = "/var/lib/dkms"
_LARGEST_LIST = 16 * 1024 * 1024
_NVIDIA = re.compile(r"(?m)^[^:\n]*/nvidia(?:-current)?\.ko(?:\.\w+)?:")
_FAILED = re.compile(r"(?i)\berror\b|No such file|not found")
_BLACKLIST = re.compile(
    r"(?m)^\s*(?:blacklist\s+nvidia|install\s+nvidia\s+/bin/(?:false|true))\s*$"
)
_FOLDERS = ("/etc/modprobe.d", "/lib/modprobe.d", "/usr/lib/modprobe.d")


def are_listed(host: Host, kernel: str) -> bool:
    """Whether anybody can tell which modules a kernel has."""
    return bool(kernel) and host.exists(f"{_MODULES}/{kernel}/modules.dep")


def has_nvidia(host: Host, kernel: str) -> bool:
    """Whether a module of the driver is there for a kernel, wherever a system puts it."""
    listed = host.read(f"{_MODULES}/{kernel}/modules.dep", _LARGEST_LIST) or ""
    return _NVIDIA.search(listed) is not None


def missing(host: Host, kernel: str) -> Iterator[str]:
    """Say that the running kernel has no module, which kernels have one, and what DKMS did."""
    if not are_listed(host, kernel) or has_nvidia(host, kernel):
        return
    yield f"modprobe: FATAL: Module nvidia not found in directory {_MODULES}/{kernel}"
    others = [name for name in host.entries(_MODULES) if has_nvidia(host, name)]
    if others:
        yield f"the module was built for {', '.join(others)}: kernel upgrade"
    if not host.exists(f"{_MODULES}/{kernel}/build"):
        yield f"Your kernel headers for kernel {kernel} cannot be found"
    yield from _dkms(host, kernel)


def of_others(host: Host, kernel: str) -> Iterator[str]:
    """Say which kernels have the module, where nobody can tell what the running one has.

    A package manager that replaces the kernel, as Arch's does, takes its modules away at once.
    """
    others = [name for name in host.entries(_MODULES) if has_nvidia(host, name)]
    if kernel and others and not host.exists(f"{_MODULES}/{kernel}"):
        yield (
            f"the kernel that runs, {kernel}, has lost its modules to an upgrade, and "
            f"{others[-1]} has nvidia"
        )
    else:
        yield "the driver's libraries are here, and the module nvidia is not loaded"


def _dkms(host: Host, kernel: str) -> Iterator[str]:
    """What DKMS was told to build, and the first error of its last try."""
    for name in host.entries(_DKMS, "nvidia"):
        for version in host.entries(f"{_DKMS}/{name}"):
            folder = f"{_DKMS}/{name}/{version}"
            if not version[:1].isdigit() or host.exists(f"{folder}/{kernel}"):
                continue
            yield f"dkms status: {name}/{version} is added, and not built for {kernel}"
            log = host.read(f"{folder}/build/make.log", _LARGEST_LIST) or ""
            yield from [line for line in log.splitlines() if _FAILED.search(line)][:2]


def blacklisted(host: Host) -> str | None:
    """The file that keeps the module from loading, as ``prime-select intel`` leaves one."""
    for folder in _FOLDERS:
        for name in host.entries(folder):
            if name.endswith(".conf") and _BLACKLIST.search(host.read(f"{folder}/{name}") or ""):
                return f"{folder}/{name} keeps it from loading"
    return None
