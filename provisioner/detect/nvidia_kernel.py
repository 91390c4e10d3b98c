"""What the NVIDIA kernel module says of itself, in procfs and sysfs, and which library lies beside.

The module and the user-space library are installed together and can still differ, most often
between an upgrade and the next boot; so their versions are two facts.
"""

from __future__ import annotations

import os
import re

import msgspec

from provisioner.detect.host import Host, printable
from provisioner.detect.pci import slot_of

_VERSION = re.compile(r"NVRM version:.*?Kernel Module\b.*?\b(\d{2,4}(?:\.\d+)+)")
_SYSFS_VERSION = re.compile(r"\d{2,4}(?:\.\d+)+")
_GPUS = "/proc/driver/nvidia/gpus"
_LIBRARY = re.compile(r"lib(?:nvidia-ml|cuda)\.so\.(\d{2,4}(?:\.\d+)+)")
_LOADED_NAMES = ("libnvidia-ml.so.1", "libcuda.so.1")
LIBRARY_FOLDERS = (
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib/wsl/lib",
    "/usr/lib/x86_64-linux-gnu/nvidia/current",
    "/run/opengl-driver/lib",
    "/usr/local/nvidia/lib64",
    "/usr/lib",
)
"""Where the systems, WSL, Debian's alternatives, NixOS and GKE put the driver's libraries."""


class KernelModule(msgspec.Struct, frozen=True):
    """The loaded kernel module; ``flavour`` is open, proprietary or None where it is not said."""

    version: str
    flavour: str | None
    source: str


class ProcGpu(msgspec.Struct, frozen=True):
    """One GPU as the kernel module lists it."""

    slot: str
    name: str
    uuid: str | None


class KernelSight(msgspec.Struct, frozen=True):
    """All that can be seen without asking the driver's library."""

    module: KernelModule | None
    gpus: tuple[ProcGpu, ...]
    library_version: str | None
    nouveau: bool


def parse_proc_version(text: str) -> tuple[str, str] | None:
    """Version and flavour in the text of ``/proc/driver/nvidia/version``, None if it is not there.

    The open module writes "Open Kernel Module for x86_64  580.95.05", the closed one
    "x86_64 Kernel Module  550.163.01": in both the version follows the module's name.
    """
    match = _VERSION.search(text)
    if match is None:
        return None
    return match[1], "open" if "Open Kernel Module" in match[0] else "proprietary"


def parse_gpu_information(text: str) -> dict[str, str]:
    """The ``Key: value`` lines of ``/proc/driver/nvidia/gpus/*/information``."""
    pairs = (line.partition(":") for line in text.splitlines())
    return {key.strip(): printable(value) for key, colon, value in pairs if colon}


def probe(host: Host) -> KernelSight:
    """The module, the GPUs it lists, and the version in the name of the library beside it."""
    return KernelSight(
        module=_module(host),
        gpus=tuple(filter(None, (_gpu(host, slot) for slot in host.entries(_GPUS)))),
        library_version=_library_version(host),
        nouveau=host.exists("/sys/module/nouveau"),
    )


def _module(host: Host) -> KernelModule | None:
    said = parse_proc_version(host.read("/proc/driver/nvidia/version") or "")
    if said is not None:
        return KernelModule(*said, "procfs")
    version = host.line("/sys/module/nvidia/version") or ""
    return KernelModule(version, None, "sysfs") if _SYSFS_VERSION.fullmatch(version) else None


def _gpu(host: Host, slot: str) -> ProcGpu | None:
    facts = parse_gpu_information(host.read(f"{_GPUS}/{slot}/information") or "")
    name, uuid = facts.get("Model", ""), facts.get("GPU UUID", "")
    if not name:
        return None
    # A GPU that was not initialised yet shows question marks in the place of its UUID.
    known = name if name != "Unknown" else ""
    return ProcGpu(slot_of(slot), known, uuid if uuid and "?" not in uuid else None)


def _library_version(host: Host) -> str | None:
    searched = host.env.get("LD_LIBRARY_PATH", "").split(":") if host.live else []
    for folder in (*(name for name in searched if name.startswith("/")), *LIBRARY_FOLDERS):
        if not any(host.exists(f"{folder}/{name}") for name in _LOADED_NAMES):
            continue
        # The link is what a program loads; leftovers of other versions may lie beside it.
        linked = os.path.basename(host.link(f"{folder}/libnvidia-ml.so.1") or "")
        for name in (linked, *host.entries(folder, "lib")):
            match = _LIBRARY.fullmatch(name)
            if match:
                return match[1]
    return None
