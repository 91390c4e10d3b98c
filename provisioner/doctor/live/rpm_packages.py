"""Packages of the driver on a system of rpm's: of two releases, or of two packagings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from provisioner.detect.host import Host, printable
from provisioner.errors import DlsetupError

QUERY = ("rpm", "-qa", "--qf", r"%{NAME}\t%{VERSION}\t%{VENDOR}\n", "*nvidia*")
_PARTS = r"(?:-libs|-cuda|-cuda-libs|-NVML)?"
_PACKAGINGS = (
    re.compile(rf"nvidia-driver{_PARTS}"),
    re.compile(rf"xorg-x11-drv-nvidia{_PARTS}"),
)
"""Names of NVIDIA's packages, and of RPM Fusion's: each says that it excludes the other."""
_OF_SUSE = re.compile(r"nvidia-(?:compute|gl|video|common)-G\d\d")
_NO_VENDOR = "(none)"


class Package(NamedTuple):
    """A package that bears the version of the driver itself, and who made it."""

    name: str
    version: str
    vendor: str


def installed(host: Host) -> tuple[Package, ...]:
    """The packages of the driver's user space; empty where rpm is not this system's tool."""
    if host.live and host.which("rpm") is None:
        return ()
    try:
        told = host.output("rpm-nvidia", QUERY)
    except DlsetupError:
        return ()
    lines = (line.split("\t") for line in told.stdout.splitlines()) if told else ()
    found = (
        Package(*map(printable, words)) for words in lines if len(words) == len(Package._fields)
    )
    patterns = (*_PACKAGINGS, _OF_SUSE)
    return tuple(one for one in found if any(each.fullmatch(one.name) for each in patterns))


def see(found: tuple[Package, ...]) -> Iterator[str]:
    """Say where the driver came from two places that overwrite each other."""
    firsts = [
        next((one for one in found if pattern.fullmatch(one.name)), None) for pattern in _PACKAGINGS
    ]
    if all(firsts):
        told = " and ".join(f"{one.name} {one.version}{_of(one)}" for one in firsts if one)
        yield f"packages of two origins brought the driver: {told}"


def _of(package: Package) -> str:
    return "" if package.vendor == _NO_VENDOR else f" of {package.vendor}"
