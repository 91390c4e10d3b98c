"""Machine: what dlsetup knows about one computer, and where each fact came from.

A Machine is a frozen value without I/O. ``detect`` makes it from the running system, a saved
``detect --json`` is read back into it, and options such as ``--gpu`` describe one from afar.
"""

from __future__ import annotations

import msgspec


class OperatingSystem(msgspec.Struct, frozen=True, kw_only=True):
    """An operating system: ``id`` and ``version`` as in os-release (``ubuntu``, ``22.04``)."""

    id: str
    version: str
    kernel: str | None = None
    wsl: bool = False
    container: str | None = None
    libc: str | None = None
    """Kind and version, ``"glibc 2.35"``."""


class Cpu(msgspec.Struct, frozen=True, kw_only=True):
    """The processor; ``level`` is archspec's generic level (``x86_64_v3``)."""

    name: str | None = None
    level: str | None = None
    flags: tuple[str, ...] = ()
    cores: int | None = None


class Gpu(msgspec.Struct, frozen=True, kw_only=True):
    """One graphics processor. ``compute_capability`` is ``"8.6"``, None where it has none."""

    name: str
    vendor: str = "nvidia"
    compute_capability: str | None = None
    architecture: str | None = None
    """NVIDIA: the generation (``Ampere``); AMD: the gfx target (``gfx1100``)."""
    memory_bytes: int | None = None
    uuid: str | None = None
    pci_id: str | None = None
    """Vendor and device, ``"10de:2204"``."""
    mig: bool | None = None


class Driver(msgspec.Struct, frozen=True, kw_only=True):
    """The NVIDIA driver. User space and kernel module are two facts; they can differ."""

    version: str | None
    cuda: str | None = None
    """The newest CUDA that the user-mode driver speaks, ``"12.4"``."""
    flavour: str | None = None
    """``open`` or ``proprietary`` kernel module, None where it cannot be told."""
    kernel_module_version: str | None = None


class Toolkit(msgspec.Struct, frozen=True, kw_only=True):
    """An installed CUDA toolkit."""

    version: str
    path: str


class Interpreter(msgspec.Struct, frozen=True, kw_only=True):
    """A Python that really ran when it was asked for its version."""

    version: str
    path: str


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """A mounted file system that could hold an environment."""

    path: str
    total_bytes: int
    free_bytes: int


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """One computer.

    ``sources`` says for each fact where it came from: nvml, procfs, sysfs, nvidia-smi, pci,
    option, env, file and so on. A fact that nobody looked at has no source: ``driver`` None
    with a source means "there is none", without a source "nobody knows".
    """

    os: OperatingSystem
    arch: str = "x86_64"
    cpu: Cpu = Cpu()
    memory_bytes: int | None = None
    gpus: tuple[Gpu, ...] = ()
    driver: Driver | None = None
    toolkits: tuple[Toolkit, ...] = ()
    pythons: tuple[Interpreter, ...] = ()
    containers: dict[str, str | bool | None] = {}
    """Engines and what they lack: ``{"docker": "28.2.2", "docker_daemon": False, …}``."""
    tools: dict[str, str | None] = {}
    """conda, mamba, micromamba, uv, gcc: their versions where they run."""
    disks: tuple[Disk, ...] = ()
    sources: dict[str, str] = {}

    @property
    def os_name(self) -> str:
        """``ubuntu-22.04`` or ``ubuntu-22.04-wsl2``, as ``--os`` takes it."""
        return f"{self.os.id}-{self.os.version}" + ("-wsl2" if self.os.wsl else "")

    @property
    def driver_is_known(self) -> bool:
        """Whether somebody looked for a driver, found or not."""
        return "driver" in self.sources
