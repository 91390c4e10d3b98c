"""Which formats there are, and which plans each can carry."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from provisioner.errors import RefusedError


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """An output format: what it is called and which plans it can carry."""

    name: str
    carries: tuple[str, ...]
    """Values of ``Plan.via``, the one it suits best first."""
    description: str
    file_name: str
    linux_only: bool = False
    """It installs, or builds, a Linux."""
    several: bool = False
    """It carries several plans at once, each an environment of its own."""


class RenderedFile(msgspec.Struct, frozen=True):
    """One file of a rendered plan; ``path`` is relative to where the user wants it."""

    path: str
    text: str
    executable: bool = False


FORMATS: Mapping[str, Format] = {
    row.name: row
    for row in (
        Format(
            name="script",
            carries=("pip",),
            description="a bash script that installs everything on the machine and proves it",
            file_name="install.sh",
            linux_only=True,
        ),
        Format(
            name="conda",
            carries=("pip", "conda"),
            description="an environment for conda, mamba or micromamba",
            file_name="environment.yml",
        ),
        Format(
            name="dockerfile",
            carries=("pip", "container"),
            description="an image with everything but the driver",
            file_name="Dockerfile",
            linux_only=True,
        ),
    )
}
"""Every format by the name that ``render`` takes."""


def cannot_carry(name: str, what: str, via: str, *, linux: bool = True) -> RefusedError:
    """Return the error for a plan that a format cannot carry, naming formats that can."""
    others = [
        row.name
        for row in FORMATS.values()
        if via in row.carries and row.name != name and (linux or not row.linux_only)
    ]
    return RefusedError(
        "format-cannot-carry",
        f"{name} cannot carry {what}.",
        context=tuple(f"{row.name}: {row.description}" for row in FORMATS.values()),
        hint="Formats that can: " + ", ".join(others) + "." if others else "No format can.",
        data={"formats": tuple(others)},
    )
