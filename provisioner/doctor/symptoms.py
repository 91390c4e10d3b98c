"""Symptoms: what is known of a machine that is in trouble, from itself or from a pasted report."""

from __future__ import annotations

import re

import msgspec

from provisioner.machine import Gpu

_RELEASE = re.compile(r"[0-9]+(?:\.[0-9]+)*(?:(?:a|b|rc)[0-9]+)?(?:\.?(?:post|dev)[0-9]+)*")


class Installed(msgspec.Struct, frozen=True):
    """A package that is named with its version: ``torch 2.1.0+cu121``, ``pytorch 1.9.0``."""

    name: str
    """As the catalog has it: ``pytorch`` is ``torch``."""
    version: str
    """Without the local part."""
    local: str = ""
    """``cu121`` of ``2.1.0+cu121``; conda's build string where conda named it."""
    manager: str = "pip"
    quote: str = ""
    """The line that says so."""

    @property
    def is_exact(self) -> bool:
        """Whether the version is that of one release, and not ``2.x`` or what nobody publishes."""
        return _RELEASE.fullmatch(self.version) is not None


class Symptoms(msgspec.Struct, frozen=True, kw_only=True):
    """What is known; nothing is assumed: None and empty mean that nobody said it."""

    text: str
    """Everything that was said, in lower case, blanks run together: what signs are looked for in.

    Lines keep their order, and are cut where they are longer than anybody reads.
    """
    lines: tuple[str, ...] = ()
    """The same lines as they were written: what evidence is quoted from."""
    notes: dict[str, tuple[str, ...]] = {}
    """``key: value`` lines, the keys in lower case with underscores."""
    os_id: str = ""
    """As ``--os`` names it: ``ubuntu``, ``windows``, ``macos``; empty where nobody said it."""
    os_version: str = ""
    wsl: bool = False
    container: bool = False
    """It speaks of a container, or runs in one."""
    arch: str = ""
    """``x86_64`` or ``aarch64``; empty where nobody said it."""
    python: str = ""
    """Major and minor."""
    gpus: tuple[Gpu, ...] = ()
    driver: str = ""
    """The user-mode driver."""
    module: str = ""
    """The kernel module that is loaded."""
    driver_cuda: str = ""
    """The newest CUDA that the driver speaks, as nvidia-smi prints it."""
    toolkit: str = ""
    """The CUDA of nvcc."""
    gcc: str = ""
    glibc: str = ""
    packages: tuple[Installed, ...] = ()
    reported: bool = False
    """Somebody told it because something is wrong; probes look whether anything is."""
    examined: bool = False
    """It was looked at, not told: the packages are those of one environment, and all of them."""
    cpu_wanted: bool = False
    """Nobody misses a GPU: there is none, or it was asked to be left alone."""
    left_out_bytes: int = 0
    """How much of a long text was not read."""

    def package(self, *names: str) -> Installed | None:
        """The first package of one of these names."""
        return next((one for one in self.packages if one.name in names), None)

    @property
    def family(self) -> str:
        """``windows``, ``macos``, ``linux``; empty where nobody said it."""
        if self.os_id in {"windows", "macos"}:
            return "linux" if self.wsl else self.os_id
        return "linux" if self.os_id or self.wsl else ""
