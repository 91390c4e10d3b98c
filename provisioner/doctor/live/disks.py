"""Places that fill up: the temporary folder, which may be memory, the home, and /dev/shm."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

from provisioner.catalog.load import Catalog
from provisioner.detect.host import Host
from provisioner.machine import Machine

_FULL_BYTES = 200 * 1024 * 1024
"""Less than this, and no wheel of a framework can be unpacked."""
_FEW_FILES = 1_000
_CONTAINERS_SHARED_MEMORY = 64 * 1024 * 1024
"""What an engine gives a container as /dev/shm unless it is told otherwise."""


def see(host: Host, machine: Machine, _: Catalog) -> Iterator[str]:
    """Say which places have no room, and of what kind they are."""
    if not host.live or not hasattr(os, "statvfs"):
        return
    for places in _places(host):
        yield from _full(host, machine, places)
    shared = _state("/dev/shm")  # noqa: S108 - asked, not written to
    memory = shared.f_blocks * shared.f_frsize if shared else 0
    if machine.os.container and 0 < memory <= _CONTAINERS_SHARED_MEMORY:
        yield f"little shared memory: {memory // 1024**2} MB for data loaders in this container"


def _places(host: Host) -> list[list[str]]:
    """Places that matter, those of one file system together; what a user owns comes first."""
    found: dict[int, list[str]] = {}
    for place in dict.fromkeys((host.home() or "/", _temporary(host), "/", "/var")):
        with suppress(OSError):
            found.setdefault(_device(place), []).append(place)
    return list(found.values())


def _device(place: str) -> int:
    return os.stat(place).st_dev


def _temporary(host: Host) -> str:
    return host.env.get("TMPDIR") or "/tmp"  # noqa: S108 - where pip unpacks


def _full(host: Host, machine: Machine, places: list[str]) -> Iterator[str]:
    place = places[0]
    state = _state(place)
    # An image that is mounted read-only is full by its nature.
    if state is None or state.f_flag & os.ST_RDONLY or not state.f_blocks:
        return
    free, total = state.f_bavail * state.f_frsize, state.f_blocks * state.f_frsize
    uses = _uses(host, machine, places)
    owned = {host.home(), _temporary(host)} & set(places)
    what = "No space left on device" if owned else "little room for the system"
    if free < _FULL_BYTES and _grows(host, place):
        size = f"{free // 1024**2} MB of {total // 1024**2} MB are free"
        yield f"{what}: {place} ({_named(host, place)}), {size}{uses}"
    elif state.f_files and state.f_favail < _FEW_FILES:
        yield f"{what}: {place} has no inodes left for further files{uses}"


def _uses(host: Host, machine: Machine, places: list[str]) -> str:
    """What a file system is used for: by that the fix knows what may be deleted there."""
    told = {
        "the home lies there": host.home() in places,
        "installers unpack there": _temporary(host) in places,
        "docker keeps images there": bool({"/var", "/"} & set(places))
        and bool(machine.containers.get("docker")),
    }
    return "".join(f"; {text}" for text, holds in told.items() if holds)


def _state(place: str) -> os.statvfs_result | None:
    try:
        return os.statvfs(place)
    except OSError:
        return None


def _grows(host: Host, place: str) -> bool:
    """Whether files can be put there: the root of an image-based system has no room ever."""
    return _kind(host, place) not in {"squashfs", "erofs", "composefs", "iso9660"} and (
        os.access(place, os.W_OK) or place != "/"
    )


def _named(host: Host, place: str) -> str:
    kind = _kind(host, place)
    return "a tmpfs, which is memory" if kind == "tmpfs" else kind


def _kind(host: Host, place: str) -> str:
    """The type of the file system that a place lies on."""
    real = os.path.realpath(place)
    best, kind = "", "disk"
    for line in (host.read("/proc/mounts") or "").splitlines():
        source, mount, type_, *_ = [*line.split(" "), "", "", ""]
        inside = real == mount or real.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):
            best, kind = mount, source if source == "composefs" else type_
    return kind
