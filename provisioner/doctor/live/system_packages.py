"""Packages of the driver: half installed, held, of two origins or ways, and keys that ran out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from provisioner.catalog.load import Catalog
from provisioner.detect.host import Host
from provisioner.doctor.live import repository_keys, rpm_packages
from provisioner.machine import Machine
from provisioner.version import numbers

_STATUS = "/var/lib/dpkg/status"
_LARGEST_STATUS = 64 * 1024 * 1024
_DRIVER = re.compile(
    r"(?:lib)?nvidia-|libcuda1\b|cuda-drivers|xserver-xorg-video-nvidia|linux-(?:modules|objects)-nvidia"
)
_RUNFILE = ("/usr/bin/nvidia-uninstall", "/usr/bin/nvidia-installer")
_OF_THE_DRIVER = re.compile(
    r"(?:libnvidia-(?:compute|decode|encode|gl|cfg1|fbc1)|nvidia-(?:utils|compute-utils|dkms|driver"
    r"|kernel-source|kernel-common))(?:-\d{3})?(?:-server|-open)*|libcuda1|libnvidia-ml1|nvidia-smi"
)
"""Packages that bear the version of the driver itself."""
_UPSTREAM = re.compile(r"(?:\d+:)?(\d{3}\.\d+(?:\.\d+)?)")
_BROKEN = ("half-installed", "half-configured", "unpacked")
_WORDS = 3
"""Of a Status line: what is wanted, whether there is an error, and what is."""
_LOCKS = ("/etc/dnf/plugins/versionlock.list", "/etc/dnf/versionlock.toml", "/etc/zypp/locks")
_LOCKED = re.compile(r"(?m)^[^#\n]*?\b((?:kmod-|akmod-|dkms-)?(?:nvidia|cuda)[\w.-]*)")


class Package(NamedTuple):
    """A package as dpkg has it: ``want`` and ``state`` are words of its Status line."""

    name: str
    version: str
    want: str
    flag: str
    state: str


def see(host: Host, machine: Machine, catalog: Catalog) -> Iterator[str]:
    """Say what is wrong with the packages of the driver and with NVIDIA's repositories."""
    found = tuple(_packages(host.read(_STATUS, _LARGEST_STATUS) or ""))
    nvidia = any(gpu.vendor == "nvidia" for gpu in machine.gpus)
    # Reading the whole database of rpm takes a while: not for nothing.
    asks = nvidia and not host.exists(_STATUS)
    of_rpm = rpm_packages.installed(host) if asks else ()
    for one in found:
        if one.state in _BROKEN or one.flag == "reinstreq":
            yield f"dpkg: error processing package {one.name} {one.version}: it is {one.state}"
    installed = [one for one in found if one.state == "installed"]
    parts = ((one.name, _UPSTREAM.match(one.version)) for one in installed)
    own = [(name, match[1]) for name, match in parts if match and _OF_THE_DRIVER.fullmatch(name)]
    own += [(one.name, match[1]) for one in of_rpm if (match := _UPSTREAM.match(one.version))]
    yield from _differing(own)
    yield from rpm_packages.see(of_rpm)
    yield from _held(host, found)
    marks = [path for path in _RUNFILE if host.exists(path) and not _owns(host, path)]
    if marks and own:
        yield f"both the runfile and packages: {marks[0]} beside package {min(own)[0]}"
    yield from repository_keys.see(host, machine, catalog)


def _packages(text: str) -> Iterator[Package]:
    """The packages of the driver that dpkg knows."""
    for block in text.split("\n\n"):
        name = block.partition("\n")[0].removeprefix("Package: ")
        if not _DRIVER.match(name):
            continue
        words = _field(block, "Status").split()
        # A transitional package is a name that leads to another branch.
        if len(words) == _WORDS and "ransitional" not in _field(block, "Description"):
            yield Package(name, _field(block, "Version"), *words)


def _field(block: str, name: str) -> str:
    match = re.search(rf"(?m)^{name}: (.*)$", block)
    return match[1].strip() if match else ""


def _differing(own: list[tuple[str, str]]) -> Iterator[str]:
    """Parts of two releases: two origins have each given some, or an upgrade went half way."""
    releases = sorted({version for _, version in own}, key=numbers)
    if len(releases) > 1:
        first, last = (min(n for n, v in own if v == one) for one in releases[:: len(releases) - 1])
        yield (
            f"parts of the driver are of two releases: {first} {releases[0]} and "
            f"{last} {releases[-1]}"
        )


def _held(host: Host, found: tuple[Package, ...]) -> Iterator[str]:
    names = [one.name for one in found if one.want == "hold"]
    broken = any(one.state in _BROKEN for one in found)
    if names:
        and_so = ", while others are half installed" if broken else ""
        yield f"on hold for apt: {', '.join(names)}{and_so}"
    for path in _LOCKS:
        if match := _LOCKED.search(host.read(path) or ""):
            yield f"locked for the package manager: {match[1]} ({path})"


def _owns(host: Host, path: str) -> bool:
    """Whether a package brought a file: lists of dpkg name every one."""
    folder = "/var/lib/dpkg/info"
    return any(
        f"{path}\n" in (host.read(f"{folder}/{name}") or "")
        for name in host.entries(folder, "nvidia")
        if name.endswith(".list")
    )
