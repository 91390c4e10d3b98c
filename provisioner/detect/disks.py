"""The mounted file systems that could hold an environment, from ``/proc/mounts`` and statvfs."""

from __future__ import annotations

import os
import re

import msgspec

from provisioner.detect.host import Host
from provisioner.machine import Disk

_TYPES = frozenset(
    (
        "apfs",
        "bcachefs",
        "beegfs",
        "btrfs",
        "ceph",
        "cifs",
        "drvfs",
        "exfat",
        "ext2",
        "ext3",
        "ext4",
        "f2fs",
        "fuseblk",
        "gpfs",
        "jfs",
        "lustre",
        "nfs",
        "nfs4",
        "ntfs",
        "ntfs3",
        "overlay",
        "reiserfs",
        "smb3",
        "virtiofs",
        "xfs",
        "zfs",
        "9p",
    )
)
_NOT_FOR_ENVIRONMENTS = re.compile(
    r"/(?:boot|snap|proc|sys|dev|run|etc|usr/lib/wsl|init|mnt/wsl[g]?|var/lib/(?:docker|containers"
    r"|containerd|kubelet|snapd))(?:/|$)"
)
_OCTAL = re.compile(r"\\([0-7]{3})")


class Mount(msgspec.Struct, frozen=True):
    """One line of ``/proc/mounts``."""

    device: str
    path: str
    type: str
    writable: bool


def parse_mounts(text: str) -> list[Mount]:
    """The mounts in the text of ``/proc/mounts``; blanks in names are octal there."""
    found = []
    for line in text.splitlines():
        device, path, type_, options, *_ = [*line.split(" "), "", "", ""]
        if path.startswith("/") and options:
            device, path = (
                _OCTAL.sub(lambda m: chr(int(m[1], 8)), word) for word in (device, path)
            )
            found.append(Mount(device, path, type_, "rw" in options.split(",")))
    return found


def homes_of_environments(mounts: list[Mount]) -> list[str]:
    """The mount points that could hold an environment, each device once.

    An overlay counts only as the root of a container; other overlays are layers of one.
    """
    by_path = {mount.path: mount for mount in mounts}  # a later mount hides an earlier one
    found: dict[str, str] = {}
    for mount in sorted(by_path.values(), key=lambda mount: (len(mount.path), mount.path)):
        is_layer = mount.type == "overlay" and mount.path != "/"
        if mount.type not in _TYPES or not mount.writable or is_layer:
            continue
        if not _NOT_FOR_ENVIRONMENTS.match(mount.path):
            found.setdefault(mount.device, mount.path)
    return sorted(found.values())


def probe(host: Host) -> tuple[tuple[Disk, ...], str]:
    """The file systems with their sizes; only the live machine can be asked for them."""
    mounts = parse_mounts(host.read("/proc/mounts") or "")
    paths = homes_of_environments(mounts) if mounts else ["/"]
    disks = [_disk_at(path) for path in paths]
    return tuple(disk for disk in disks if disk is not None), "statvfs"


def _disk_at(path: str) -> Disk | None:
    if not hasattr(os, "statvfs"):
        return None
    try:
        state = os.statvfs(path) if os.path.isdir(path) else None
    except OSError:
        return None
    if state is None or not state.f_blocks:
        return None
    return Disk(
        path=path,
        total_bytes=state.f_blocks * state.f_frsize,
        free_bytes=state.f_bavail * state.f_frsize,
    )
