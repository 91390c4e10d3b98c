"""The manifest of a bundle: what lies in it, and what a machine must have for it."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

from provisioner import __version__

SCHEMA = 1
MANIFEST = "manifest.json"
PLAN = "plan.json"
LOCK = "pylock.toml"
OFFLINE_LOCK = "pylock.offline.toml"
SCRIPT = "install.sh"
INSTALLER = "uv"
WHEELS = "wheels/"
PYTHON = "python/"
_WHEEL = re.compile(r"[A-Za-z0-9_.]+-[A-Za-z0-9_.+!-]+\.whl")
_ARCHIVE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*\.tar\.(gz|zst)")
_BUILD = re.compile(r"cpython-3\.\d+\.\d+-[a-z0-9_-]+")
_TEXTS = frozenset({PLAN, LOCK, OFFLINE_LOCK, SCRIPT, INSTALLER})

Bytes = Annotated[int, msgspec.Meta(ge=0)]


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the bundle beside the manifest."""

    path: str
    size: Bytes
    sha256: str
    package: str | None = None
    """Of a wheel: the package of the lock that it is."""
    unpacked: Bytes | None = None
    """Of a wheel: the bytes that it takes on disk when it is installed."""
    built_from: str | None = None
    """What a wheel was built from, where it is not a file of the lock."""


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """What a machine must have beside the driver that the plan says."""

    arch: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_]{1,20}\Z")]
    python: Annotated[str, msgspec.Meta(pattern=r"^\d\.\d{1,2}\Z")]
    glibc: Annotated[str, msgspec.Meta(pattern=r"^\d{1,4}(\.\d{1,4}){1,3}\Z")] | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle says of itself."""

    schema: int = SCHEMA
    dlsetup: str = __version__
    name: str
    needs: Needs
    python: str | None = None
    """The build of uv's that is carried along, ``cpython-3.12.16-linux-x86_64-gnu``."""
    hides_gpus: bool = False
    """It was made for the processor alone, and sees no GPU."""
    files: tuple[Carried, ...]

    @property
    def wheels(self) -> tuple[Carried, ...]:
        """The wheels, by name."""
        return tuple(file for file in self.files if file.path.startswith(WHEELS))

    @property
    def archives(self) -> tuple[Carried, ...]:
        """The archive of the Python that is carried along, if any."""
        return tuple(file for file in self.files if file.path.startswith(PYTHON))


def is_carried(path: str) -> bool:
    """Whether a bundle may hold a file under that path, below the environment's name."""
    if path.startswith(WHEELS):
        return _WHEEL.fullmatch(path.removeprefix(WHEELS)) is not None and ".." not in path
    if path.startswith(PYTHON):
        return _ARCHIVE.fullmatch(path.removeprefix(PYTHON)) is not None
    return path in _TEXTS


def is_build(name: str) -> bool:
    """Whether a text names one of uv's builds, and could not be read as anything else."""
    return _BUILD.fullmatch(name) is not None
