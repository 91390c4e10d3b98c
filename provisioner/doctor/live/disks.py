"""Places that fill up: the temporary folder, which may be memory, the home, and /dev/shm."""

from __future__ import annotations

import os
from collections.abc import Iterator

from provisioner.detect.host import Host
from provisioner.machine import Machine

_FULL_BYTES = 200 * 1024 * 1024
"""Less than this, and no wheel of a framework can be unpacked."""
_CONTAINERS_SHARED_MEMORY = 64 * 1024 * 1024
"""What an engine gives a container as /dev/shm unless it is told otherwise."""


def see(host: Host, machine: Machine) -> Iterator[str]:
    """Say which places have no room, and of what kind they are."""
    if not host.live or not hasattr(os, "statvfs"):
        return
    temporary = host.env.get("TMPDIR") or "/tmp"  # noqa: S108 - where pip unpacks
    places = dict.fromkeys((temporary, host.home() or "/", "/", "/var"))
    for place in places:
        free, total = _room(place)
        if total and free < _FULL_BYTES:
            kind = _kind(host, place)
            size = f"{free // 1024**2} MB of {total // 1024**2} MB are free"
            yield f"No space left on device: {place} ({kind}), {size}"
    _, shared = _room("/dev/shm")  # noqa: S108 - asked, not written to
    if machine.os.container and 0 < shared <= _CONTAINERS_SHARED_MEMORY:
        yield f"/dev/shm has {shared // 1024**2} MB: insufficient shared memory for data loaders"


def _room(place: str) -> tuple[int, int]:
    try:
        state = os.statvfs(place)
    except OSError:
        return 0, 0
    return state.f_bavail * state.f_frsize, state.f_blocks * state.f_frsize


def _kind(host: Host, place: str) -> str:
    """The type of the file system that a place lies on."""
    real = os.path.realpath(place)
    best, kind = "", "disk"
    for line in (host.read("/proc/mounts") or "").splitlines():
        _, mount, type_, *_ = [*line.split(" "), "", ""]
        inside = real == mount or real.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):
            best, kind = mount, type_
    return "a tmpfs, which is memory" if kind == "tmpfs" else kind
