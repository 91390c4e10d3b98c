"""Who holds a GPU's memory: processes that are not this user's, dead ones, other containers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from provisioner.detect.host import Host
from provisioner.errors import DlsetupError
from provisioner.machine import Machine

_FIELDS = "memory.used,memory.total,compute_mode,mig.mode.current,utilization.gpu"
_HALF = 2


def see(host: Host, machine: Machine) -> Iterator[str]:
    """Say which GPUs are full, and whether anybody that can be seen uses them."""
    if not any(gpu.vendor == "nvidia" for gpu in machine.gpus) or machine.driver is None:
        return
    yield from _visible(host, machine)
    gpus = _asked(host, "gpu", f"--query-gpu={_FIELDS}")
    running = _asked(host, "compute-apps", "--query-compute-apps=pid,used_memory,process_name")
    for number, row in enumerate(gpus):
        used, total = _mib(row[0]), _mib(row[1])
        if used * _HALF > total > 0 and not running:
            yield f"GPU {number}: memory in use: {used}MiB / {total}MiB, no running processes found"
        if len(row) > _HALF and "Exclusive" in row[_HALF] and running:
            yield f"GPU {number} is in exclusive compute mode, and busy or unavailable to others"
    yield from (_told(host, row) for row in running if _is_gone(host, row[0]))


def _visible(host: Host, machine: Machine) -> Iterator[str]:
    listed = host.env.get("CUDA_VISIBLE_DEVICES")
    if listed is None:
        return
    count = sum(gpu.vendor == "nvidia" for gpu in machine.gpus)
    wrong = [word for word in listed.split(",") if word.isdigit() and int(word) >= count]
    known = {gpu.uuid for gpu in machine.gpus}
    wrong += [word for word in listed.split(",") if word.startswith("GPU-") and word not in known]
    if wrong:
        yield f"CUDA_VISIBLE_DEVICES={listed}: invalid device ordinal {wrong[0]}, there are {count}"


def _asked(host: Host, key: str, query: str) -> list[list[str]]:
    program = host.which("nvidia-smi", "/usr/bin") if host.live else "nvidia-smi"
    if program is None:
        return []
    try:
        told = host.output(f"nvidia-smi-{key}", (program, query, "--format=csv,noheader,nounits"))
    except DlsetupError:
        return []
    if told is None or told.returncode:
        return []
    rows = csv.reader(io.StringIO(told.stdout), skipinitialspace=True)
    return [row for row in rows if len(row) > 1]


def _mib(text: str) -> int:
    return int(text) if text.strip().isdigit() else 0


def _is_gone(host: Host, pid: str) -> bool:
    """A process that the driver names and the kernel has not, or only as a zombie."""
    status = host.read(f"/proc/{pid}/status")
    return status is None or "\nState:\tZ" in status


def _told(host: Host, row: list[str]) -> str:
    state = "zombie" if host.exists(f"/proc/{row[0]}") else "not of this container, or dead process"
    return f"pid {row[0]} ({state}) holds {row[1]} MiB: memory held"
