"""Ask NVML in a process of its own and print what it says, one JSON object per line.

Run as a file by ``provisioner.detect.nvml``, never imported: a driver in a bad state lets NVML
hang or crash, and only this process with it. Every line is out before the next question is put.
The one argument is the caller's module search path, for an interpreter without site packages.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any


def main() -> None:
    """Print a line for the driver, one for each GPU, and one for each thing that went wrong."""
    sys.path.extend(part for part in sys.argv[1].split(os.pathsep) if part)
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as problem:
        tell({"error": str(problem), "code": problem.value})
        return
    tell({"driver": asked(pynvml.nvmlSystemGetDriverVersion), "cuda": cuda_version(pynvml)})
    try:
        count = pynvml.nvmlDeviceGetCount()
    except pynvml.NVMLError as problem:
        tell({"error": str(problem), "code": problem.value})
        return
    for index in range(count):
        tell_gpu(pynvml, index)


def tell_gpu(nvml: Any, index: int) -> None:
    """One GPU; a lost one does not keep the others from being told."""
    try:
        tell({"gpu": gpu_facts(nvml, nvml.nvmlDeviceGetHandleByIndex(index))})
    except nvml.NVMLError as problem:
        tell({"error": f"GPU {index}: {problem}", "code": problem.value})


def cuda_version(nvml: Any) -> int | None:
    """The newest CUDA of the driver as an integer, 12040; older libraries know only one call."""
    version: int | None = asked(nvml.nvmlSystemGetCudaDriverVersion_v2)
    return version or asked(nvml.nvmlSystemGetCudaDriverVersion)


def gpu_facts(nvml: Any, handle: Any) -> dict[str, Any]:
    """What NVML knows of one GPU; a question it cannot answer gives None."""
    pci = asked(nvml.nvmlDeviceGetPciInfo, handle)
    memory = asked(nvml.nvmlDeviceGetMemoryInfo, handle)
    mig = asked(nvml.nvmlDeviceGetMigMode, handle)
    generation = asked(nvml.nvmlDeviceGetArchitecture, handle)
    prefix = "NVML_DEVICE_ARCH_"
    names = {getattr(nvml, name): name for name in dir(nvml) if name.startswith(prefix)}
    return {
        "name": text(asked(nvml.nvmlDeviceGetName, handle)),
        "uuid": text(asked(nvml.nvmlDeviceGetUUID, handle)),
        "memory_bytes": memory.total if memory else None,
        "capability": asked(nvml.nvmlDeviceGetCudaComputeCapability, handle),
        "architecture": names.get(generation, prefix)[len(prefix) :].capitalize() or None,
        "slot": text(pci.busId) if pci else None,
        "device": pci.pciDeviceId if pci else None,
        "subsystem": pci.pciSubSystemId if pci else None,
        "mig": bool(mig[0]) if mig else None,
    }


def asked(question: Callable[..., Any], *about: Any) -> Any:
    """The answer, or None when this library or this GPU has none."""
    try:
        return question(*about)
    except Exception:  # noqa: BLE001, a foreign library in an unknown state
        return None


def text(value: Any) -> str | None:
    """NVML's names come as bytes or text by the version of the binding."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def tell(fact: dict[str, Any]) -> None:
    """One line, out at once."""
    sys.stdout.write(json.dumps(fact) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
    # Without NVML's own farewell: a driver that crashes there has already told everything.
    os._exit(0)
