"""The processor: its name and flags from ``/proc/cpuinfo``, its level after archspec.

archspec's table is the authority for levels such as ``x86_64_v3``; as reading it costs more than
all the rest of this probe, the answer is remembered for these flags and that table.
"""

from __future__ import annotations

import os
import re

from provisioner.detect.host import Host, printable
from provisioner.detect.remembered import file_stamp
from provisioner.machine import Cpu

_FLAG = re.compile(r"[A-Za-z0-9_.]{1,40}")
_SPELLINGS = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64"}


def parse_cpuinfo(text: str) -> tuple[str | None, tuple[str, ...], int]:
    """Name, sorted flags and number of processors in the text of ``/proc/cpuinfo``."""
    name: str | None = None
    flags: tuple[str, ...] = ()
    count = 0
    for line in text.splitlines():
        key, _, value = line.partition(":")
        key = key.strip()
        if key == "processor" and value.strip().isdigit():
            count += 1
        elif key == "model name" and name is None:
            name = printable(value) or None
        elif key in ("flags", "Features") and not flags:
            flags = tuple(sorted({word for word in value.split() if _FLAG.fullmatch(word)}))
    return name, flags, count


def probe(host: Host) -> tuple[Cpu, str, str]:
    """The processor, the architecture and the source of the processor's facts."""
    name, flags, count = parse_cpuinfo(host.read("/proc/cpuinfo") or "")
    arch = arch_of(host)
    cpu = Cpu(
        name=name,
        level=level_of(host, arch, flags),
        flags=flags,
        cores=_usable_cores() if host.live else count or None,
    )
    return cpu, arch, "procfs" if count or name or flags else "platform"


def arch_of(host: Host) -> str:
    """The architecture in Linux's words, ``x86_64`` or ``aarch64``."""
    if host.live:
        if hasattr(os, "uname"):
            arch = os.uname().machine
        else:
            arch = host.env.get("PROCESSOR_ARCHITECTURE", "x86_64")
    else:
        # The file exists since Linux 6.1; older captures say it by the words of their cpuinfo.
        on_arm = "CPU implementer" in (host.read("/proc/cpuinfo") or "")
        arch = host.line("/proc/sys/kernel/arch") or ("aarch64" if on_arm else "x86_64")
    return _SPELLINGS.get(arch.lower(), arch)


def level_of(host: Host, arch: str, flags: tuple[str, ...]) -> str | None:
    """The best of archspec's generic levels that these flags reach, None without flags."""
    if not flags:
        return None
    stamp = _archspec_stamp()
    key = f"cpu-level {arch} {' '.join(flags)}"
    known = host.cache.fact(key, stamp)
    if known is not None:
        return known.text
    level = generic_level(arch, frozenset(flags))
    host.cache.remember(key, stamp, level)
    return level


def generic_level(arch: str, flags: frozenset[str]) -> str | None:
    """The deepest generic architecture of archspec's table whose features are all in ``flags``.

    Levels for which the table names no feature (ARM's) cannot be proved and are not given.
    """
    import archspec.cpu

    # The kernel calls SSE3 by its first name, Prescott New Instructions.
    if "pni" in flags:
        flags |= {"sse3"}
    reached = [
        target
        for target in archspec.cpu.TARGETS.values()
        if target.vendor == "generic"
        and target.family.name == arch
        and target.features <= flags
        and (target.features or not target.ancestors)
    ]
    best = max(reached, key=lambda target: len(target.ancestors), default=None)
    return None if best is None else str(best.name)


def _archspec_stamp() -> tuple[int, ...]:
    from importlib.util import find_spec

    found = find_spec("archspec")
    folders = (found.submodule_search_locations if found else None) or [""]
    table = os.path.join(next(iter(folders)), "json", "cpu", "microarchitectures.json")
    return file_stamp(table) or ()


def _usable_cores() -> int | None:
    """The processors this process may use, which a container or taskset can make fewer."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()
