"""What the facts of GPUs and driver, put side by side, say is wrong on this machine."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.detect.gpus import Sight
from provisioner.machine import Driver
from provisioner.plan import Warning

_DRIVER_NOT_LOADED = 9
_LIBRARY_NOT_FOUND = 12
_VERSION_MISMATCH = 18
"""NVML's return codes (nvml.h) that have a warning of their own or mean: nothing to ask."""


def troubles_of(sight: Sight, driver: Driver | None, container: str | None) -> Iterator[Warning]:
    """The contradictions worth a warning, the gravest first."""
    if driver is None:
        yield from _without_driver(sight)
    else:
        yield from _mismatch(sight, driver)
        yield from _silent_gpus(sight, container)
    expected = (_DRIVER_NOT_LOADED, _LIBRARY_NOT_FOUND, _VERSION_MISMATCH)
    if sight.nvml.error and sight.nvml.code not in expected:
        yield Warning("nvml-failed", f"NVML could not be read: {sight.nvml.error}.")


def _without_driver(sight: Sight) -> Iterator[Warning]:
    if sight.kernel.library_version and sight.on_nvidia_bus:
        yield Warning(
            "driver-not-loaded",
            f"The NVIDIA libraries {sight.kernel.library_version} are installed, but no NVIDIA"
            " kernel module is loaded.",
        )
    if sight.kernel.nouveau and sight.on_nvidia_bus:
        yield Warning("nouveau", "The nouveau kernel module is loaded and may hold the GPU.")


def _mismatch(sight: Sight, driver: Driver) -> Iterator[Warning]:
    module, library = driver.kernel_module_version, driver.version
    # nvidia-smi shortens the library's version in its complaint: "550.90" for 550.90.07.
    same = not module or not library or f"{module}.".startswith(f"{library}.")
    if not same or sight.nvml.code == _VERSION_MISMATCH or sight.smi.mismatch:
        yield Warning(
            "nvml-mismatch",
            f"The loaded kernel module is {module or 'unknown'}, the NVIDIA libraries are"
            f" {library if not same else 'of another version'}: nothing can use the GPU until"
            " they agree. Usually a reboot is due after an upgrade.",
        )


def _silent_gpus(sight: Sight, container: str | None) -> Iterator[Warning]:
    reported, _ = sight.reported
    if container is not None:
        # A container sees the whole bus and only the GPUs that it was given.
        if not reported and sight.kernel.library_version is None:
            yield Warning(
                "container-no-gpu-flag",
                "The host has a working NVIDIA driver, but this container was given no GPU.",
            )
        return
    heard = reported or sight.nvml.driver  # a banner alone lists no GPU that is read
    missing = len(sight.on_nvidia_bus) - len(reported)
    if heard and missing > 0:
        yield Warning(
            "gpu-not-initialising",
            f"{missing} NVIDIA GPU(s) on the PCI bus are not reported by the driver.",
        )
    elif sight.smi.error and not sight.smi.mismatch:
        yield Warning("nvml-failed", f"nvidia-smi says: {sight.smi.error}")
