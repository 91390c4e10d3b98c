"""The operating system: os-release, kernel, WSL, and the container around us.

Sources: ``/etc/os-release`` (os-release(5)), ``/proc/sys/kernel/osrelease``, the marks that
container engines leave.
"""

from __future__ import annotations

import os
import re
import sys

from provisioner.detect.host import Host, printable
from provisioner.detect.libc import libc_of
from provisioner.machine import OperatingSystem

_ASSIGNMENT = re.compile(r"^([A-Z][A-Z0-9_]*)=(.*)$")
_ENGINE_IN_CGROUP = re.compile(r"\b(docker|kubepods|containerd|libpod|lxc)\b")


def parse_os_release(text: str) -> dict[str, str]:
    """The assignments of an os-release file; lines that are none are passed over."""
    found = {}
    for line in text.splitlines():
        match = _ASSIGNMENT.match(line.strip())
        if match:
            found[match[1]] = _unquoted(match[2].strip())
    return found


def _unquoted(value: str) -> str:
    """A shell word without its quotes; a file cut off inside the quotes still gives the word."""
    if value[:1] in ("'", '"'):
        value = value[1:].removesuffix(value[0])
    return printable(re.sub(r"\\([\"'$`\\])", r"\1", value))


def probe(host: Host) -> tuple[OperatingSystem, str]:
    """The operating system and where its name came from."""
    id_, version, source = _name_of(host)
    kernel = kernel_release(host)
    return (
        OperatingSystem(
            id=id_,
            version=version,
            kernel=kernel,
            wsl="microsoft" in (kernel or "").lower(),
            container=container_of(host),
            libc=libc_of(host),
        ),
        source,
    )


def kernel_release(host: Host) -> str | None:
    """The release of the running kernel, ``6.8.0-49-generic``."""
    if host.live and hasattr(os, "uname"):
        return os.uname().release
    line = host.line("/proc/sys/kernel/osrelease")
    return printable(line) if line else None


def container_of(host: Host) -> str | None:
    """The kind of container this machine is seen from, None outside of one."""
    if host.exists("/run/.containerenv"):
        return "podman"
    if host.exists("/.dockerenv"):
        return "docker"
    if named := host.line("/run/systemd/container"):
        return printable(named)
    match = _ENGINE_IN_CGROUP.search(host.read("/proc/1/cgroup") or "")
    return {"libpod": "podman", None: None}.get(match and match[1], match and match[1])


def _name_of(host: Host) -> tuple[str, str, str]:
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        facts = parse_os_release(host.read(path) or "")
        if facts.get("ID"):
            # Rolling systems have no VERSION_ID; Arch says BUILD_ID=rolling, Debian its codename.
            version = (facts.get(key) for key in ("VERSION_ID", "BUILD_ID", "VERSION_CODENAME"))
            return facts["ID"].lower(), next(filter(None, version), "unknown"), "os-release"
    return _name_without_os_release() if host.live else ("unknown", "unknown", "os-release")


def _name_without_os_release() -> tuple[str, str, str]:
    import platform

    if sys.platform == "darwin":
        return "macos", platform.mac_ver()[0], "platform"
    if sys.platform == "win32":
        return "windows", platform.release(), "platform"
    import distro

    return distro.id() or "unknown", distro.version() or "unknown", "distro"
