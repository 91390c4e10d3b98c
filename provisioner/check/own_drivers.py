"""The drivers that a text itself installs, as far as names tell: packages, streams, runfiles."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.check.said import Fetched, Part, SystemPackage

_PACKAGE = re.compile(
    r"(?:nvidia-driver|nvidia-open|nvidia-headless|nvidia-dkms|cuda-drivers)(?:-(?P<branch>\d{3}))?"
    r"(?P<rest>(?:-[a-z]+)*)|cuda(?:-\d+-\d+)?|nvidia-driver-cuda|[ak]mod-nvidia(?:-[a-z-]+)?"
)
_OPEN = re.compile(r"nvidia-open\b|.*-open$")
_VERSION = re.compile(r"(?:\d+:)?(\d{3}(?:\.\d+)*)")
_RUNFILE = re.compile(
    r"cuda_[\d.]+_(?P<bundled>\d{3}[\d.]*\d)_\w+\.run|NVIDIA-Linux-\w+-(?P<own>\d{3}[\d.]*\d)\S*\.run",
    re.IGNORECASE,
)
_TOOLKIT_ALONE = ("--toolkit", "--extract")


def told(part: Part) -> Iterator[str]:
    """Yield the drivers that are installed: a version, a branch, or nothing where none is told.

    One that is installed in an image drives nothing.
    """
    if part.inside == "image":
        return
    for package in part.system_packages():
        if (driver := of_package(package)) is not None:
            yield driver
    for fetched in part.fetched():
        if fetched.run and (driver := of_runfile(fetched)):
            yield driver


def of_package(package: SystemPackage) -> str | None:
    """The version or the branch that a package's words tell; empty: untold; None: no driver."""
    match = _PACKAGE.fullmatch(package.name)
    if match is None:
        return None
    version = _VERSION.match(package.version) if match["rest"] is not None else None
    return version[1] if version else match["branch"] or ""


def is_open(package: SystemPackage) -> bool:
    """Whether the name itself says that the kernel module is the open one."""
    return bool(_OPEN.match(package.name) or "open" in package.version)


def of_runfile(fetched: Fetched) -> str | None:
    """The driver that a runfile of NVIDIA's writes; None for one that writes the toolkit alone."""
    match = _RUNFILE.fullmatch(fetched.name.rpartition("/")[2])
    return (match["own"] or match["bundled"]) if match and writes_driver(fetched) else None


def writes_driver(fetched: Fetched) -> bool:
    """Whether a runfile installs the driver too: CUDA's does unless the toolkit alone is asked."""
    if any(word == "--driver" for word in fetched.words):
        return True
    return not any(word.startswith(_TOOLKIT_ALONE) for word in fetched.words)
