"""Who holds a GPU's memory, and which GPUs a program would see."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from provisioner.catalog.load import Catalog
from provisioner.detect.host import Host, printable
from provisioner.errors import DlsetupError
from provisioner.machine import Machine

_FIELDS = "memory.used,memory.total,compute_mode,mig.mode.current"
_APPS = "pid,used_memory,process_name,gpu_uuid"
_HALF = 2
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_CONTAINER = re.compile(r"(?:docker|libpod|containerd|crio)[-/:]([0-9a-f]{12})[0-9a-f]*")
_SLICE = re.compile(r"MIG-[0-9a-fA-F-]+")


def see(host: Host, machine: Machine, _: Catalog) -> Iterator[str]:
    """Say which GPUs are full and by whom, and which are named and not there."""
    if not any(gpu.vendor == "nvidia" for gpu in machine.gpus) or machine.driver is None:
        return
    slices = _slices(host) if any(gpu.mig for gpu in machine.gpus) else None
    if slices == []:
        yield "MIG mode is on, and there is no MIG device: a program sees no GPU"
    yield from _visible(host, machine, slices or [])
    gpus = _asked(host, "gpu", f"--query-gpu={_FIELDS}")
    full = [number for number, row in enumerate(gpus) if _mib(row[0]) * _HALF > _mib(row[1]) > 0]
    exclusive = [number for number, row in enumerate(gpus) if "Exclusive" in "".join(row[2:3])]
    if not full and not exclusive:
        return
    running = _asked(host, "compute-apps", f"--query-compute-apps={_APPS}")
    if exclusive and running:
        yield f"GPU {exclusive[0]} is in exclusive compute mode, and pid {running[0][0]} uses it"
    for number in full:
        used = f"{_mib(gpus[number][0])} of {_mib(gpus[number][1])} MiB"
        if running:
            yield f"GPU {number}: {used} are taken"
        elif not machine.os.container:
            # A container is never told of processes, its own included.
            yield f"GPU {number}: {used} are in use, and no process shows that holds them"
    if full:
        yield from (_told(host, machine, row) for row in running)


def _visible(host: Host, machine: Machine, slices: list[str]) -> Iterator[str]:
    listed = host.env.get(_VISIBLE)
    if listed is None:
        return
    words = [word.strip() for word in listed.split(",")]
    if words[0] in {"", "-1", "NoDevFiles"}:
        yield f"{_VISIBLE} is {listed!r}: it hides every GPU from CUDA"
        return
    count = sum(gpu.vendor == "nvidia" for gpu in machine.gpus)
    known = [gpu.uuid or "" for gpu in machine.gpus]
    wrong = [word for word in words if word.isdigit() and int(word) >= count]
    if all(known):
        wrong += [word for word in words if word.startswith("GPU-") and not _begins(word, known)]
    if slices:
        wrong += [word for word in words if _SLICE.match(word) and not _begins(word, slices)]
    if wrong:
        yield f"{_VISIBLE}={listed}: invalid device ordinal or id {wrong[0]}; GPUs: {count}"


def _begins(word: str, known: list[str]) -> bool:
    """CUDA takes the beginning of an id for the whole."""
    return any(one.lower().startswith(word.lower()) for one in known)


def _slices(host: Host) -> list[str] | None:
    """The MIG devices that nvidia-smi lists; None where it does not answer."""
    told = _printed(host, "list", "-L")
    return None if told is None else _SLICE.findall(told)


def _asked(host: Host, key: str, query: str) -> list[list[str]]:
    told = _printed(host, key, query, "--format=csv,noheader,nounits")
    rows = csv.reader(io.StringIO(told or ""), skipinitialspace=True)
    return [row for row in rows if len(row) > 1]


def _printed(host: Host, key: str, *words: str) -> str | None:
    program = host.which("nvidia-smi", "/usr/lib/wsl/lib", "/usr/bin") if host.live else "smi"
    if program is None:
        return None
    try:
        told = host.output(f"nvidia-smi-{key}", (program, *words))
    except DlsetupError:
        return None
    return told.stdout if told is not None and told.returncode == 0 else None


def _mib(text: str) -> int:
    return int(text) if text.strip().isdigit() else 0


def _told(host: Host, machine: Machine, row: list[str]) -> str:
    """One process: its number, its user, its container; or that there is none of that number."""
    pid, size, name = row[0], row[1], printable(row[2]) if len(row) > _HALF else ""
    held = f"{size} MiB" if size.isdigit() else "memory"
    if not pid.isdigit():
        return f"a process that is not named holds {held}"
    status = host.read(f"/proc/{pid}/status")
    if status is None and not machine.os.container:
        return f"dead process: pid {pid} ({name}) holds {held}, and the kernel has no such process"
    if status and re.search(r"(?m)^State:\s+Z", status):
        return f"dead process: pid {pid} ({name}) holds {held}, and is a zombie"
    inside = _CONTAINER.search(host.read(f"/proc/{pid}/cgroup") or "")
    where = f" in container {inside[1]}" if inside else ""
    return f"pid {pid} ({name}{_user(status)}){where} holds {held} of a GPU"


def _user(status: str | None) -> str:
    match = re.search(r"(?m)^Uid:\s+(\d+)", status or "")
    if match is None:
        return ""
    try:
        import pwd

        return f", user {pwd.getpwuid(int(match[1])).pw_name}"
    except (ImportError, KeyError):
        return f", user {match[1]}"
