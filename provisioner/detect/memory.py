"""Memory that can be used: what ``/proc/meminfo`` says, or less where a control group caps it."""

from __future__ import annotations

import os
import re

from provisioner.detect.host import Host

_TOTAL = re.compile(r"^MemTotal:\s+(\d{1,15}) kB", re.MULTILINE)
_LIMIT_FILES = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def parse_meminfo(text: str) -> int | None:
    """The bytes of memory in the text of ``/proc/meminfo``, whose "kB" are 1024 bytes."""
    match = _TOTAL.search(text)
    return int(match[1]) * 1024 if match else None


def probe(host: Host) -> tuple[int | None, str]:
    """Bytes of memory and where the number came from."""
    total = parse_meminfo(host.read("/proc/meminfo") or "")
    source = "procfs"
    if total is None and host.live and hasattr(os, "sysconf"):
        total, source = _by_sysconf(), "sysconf"
    for path in _LIMIT_FILES:
        limit = host.line(path) or ""
        if limit.isdecimal() and total is not None and 0 < int(limit) < total:
            total, source = int(limit), "cgroup"
    return total, source


def _by_sysconf() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None
