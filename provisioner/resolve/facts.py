"""The machine's facts, as the resolver asks for them.

``Facts`` joins a Machine with the rows that give its parts a meaning: the architecture of each
GPU, the floor column of its operating system, the interpreters it may use.
"""

from __future__ import annotations

from functools import cached_property

from provisioner.catalog import newer
from provisioner.catalog.find import system
from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import (
    Architecture,
    Build,
    Cuda,
    Library,
    OperatingSystemRow,
    PerSystem,
)
from provisioner.catalog.words import Profile
from provisioner.errors import RefusedError
from provisioner.machine import Gpu, Machine
from provisioner.plan import Refused, Request
from provisioner.request import Wish, admits, parse_wish
from provisioner.resolve.accelerators import Choice, choose
from provisioner.resolve.candidates import NO_CUDA, Exclusion
from provisioner.version import at_least, numbers

_LATE = 99
"""Stands for the newest patch release of a Python, where a range names patches."""


class Facts:
    """One machine in the light of one catalog.

    ``exclusions`` rule builds out from outside the catalog; ``idle`` GPUs are known to be of no use
    for what was asked.
    """

    def __init__(
        self,
        machine: Machine,
        request: Request,
        catalog: Catalog,
        exclusions: tuple[Exclusion, ...] = (),
        idle: tuple[Gpu, ...] = (),
    ) -> None:
        self.machine = machine
        self.request = request
        self.catalog = catalog
        self.exclusions = exclusions
        self.idle = idle
        self._variants: dict[str, bool] = {}
        self._bases: dict[str, bool] = {}
        self._extended: dict[str, str | None] = {}
        self._cudnn: dict[tuple[str, str], tuple[Library, ...]] = {}

    def changed(
        self,
        *,
        machine: Machine | None = None,
        request: Request | None = None,
        idle: tuple[Gpu, ...] | None = None,
    ) -> Facts:
        """The same question about another machine, or asked in another way."""
        return Facts(
            machine or self.machine,
            request or self.request,
            self.catalog,
            self.exclusions,
            self.idle if idle is None else idle,
        )

    @cached_property
    def choice(self) -> Choice:
        """What is computed on, and which GPUs have no part in it. Raises as ``choose``."""
        if self.spares_gpus:
            return Choice("cpu", (), self.machine.gpus)
        apple = self.platform == "macos-aarch64"
        return choose(self.machine, self.catalog, self.idle, apple=apple)

    @property
    def accelerator(self) -> str:
        """``cuda``, ``rocm``, ``xpu``, ``mps`` or ``cpu``: what builds are looked for."""
        return self.choice.accelerator

    @cached_property
    def gpus(self) -> tuple[Gpu, ...]:
        """The NVIDIA GPUs that frameworks have to run on.

        Raises RefusedError for one whose capability is not known, and as ``choose``: never
        silently the CPU.
        """
        nvidia = self.choice.gpus if self.accelerator == "cuda" else ()
        for gpu in nvidia:
            if gpu.compute_capability not in self.architectures:
                raise self._unknown(gpu)
        return nvidia

    @cached_property
    def devices(self) -> tuple[Gpu, ...]:
        """The GPUs of AMD or Intel that frameworks have to run on; none beside NVIDIA's.

        Raises RefusedError ``unknown-gpu`` for one of AMD's whose target is not known.
        """
        others = self.choice.gpus if self.accelerator in {"rocm", "xpu"} else ()
        for gpu in others:
            if gpu.vendor == "amd" and gpu.architecture is None:
                raise RefusedError(
                    "unknown-gpu",
                    f"The catalog does not know which code runs on {gpu.name}.",
                    context=(f"PCI id: {gpu.pci_id or 'not known'}",),
                    hint="Name its target, such as --gpu gfx1100, or say --gpu none for the CPU; "
                    + newer.GPUS,
                )
        return others

    @property
    def computes_on_gpu(self) -> bool:
        """Whether there are GPUs that frameworks have to run on."""
        return bool(self.gpus or self.devices)

    def builds(self, name: str) -> tuple[Build, ...]:
        """Every build that answers to a name and could be for this machine's accelerator."""
        return self.catalog.builds_for(name, self.accelerator)

    def _unknown(self, gpu: Gpu) -> RefusedError:
        """The error for a GPU without a capability that the catalog knows."""
        living = {row.name for row in self.catalog.architectures}
        if gpu.compute_capability is None and gpu.architecture and gpu.architecture not in living:
            reason = f"no build of the catalog has code for {gpu.architecture} GPUs"
            return RefusedError(
                "no-compatible-stack",
                f"{gpu.name} ({gpu.architecture}) is older than every build in the catalog.",
                context=(reason,),
                hint="To compute on the CPU on purpose, say --gpu none.",
                data={
                    "refused": (Refused(gpu.name, "gpu-too-old", reason, ""),),
                    "alternatives": (),
                },
            )
        told = gpu.compute_capability or "not known"
        return RefusedError(
            "unknown-gpu",
            f"The catalog does not know {gpu.name}, so nothing can be promised for it.",
            context=(f"compute capability: {told}", f"PCI id: {gpu.pci_id or 'not known'}"),
            hint=f"Name its compute capability, such as --gpu 9.0; {newer.GPUS}",
        )

    @cached_property
    def bounded_companions(self) -> tuple[Wish, ...]:
        """Packages that the catalog does not choose, and of which only some versions will do."""
        asked = (parse_wish(text) for text in self.request.companions)
        return tuple(wish for wish in asked if wish.specifier)

    @cached_property
    def profiles(self) -> tuple[Profile, ...]:
        """The profiles that were asked for."""
        asked = self.request.profiles
        return tuple(row for row in self.catalog.profiles if row.name in asked) if asked else ()

    @cached_property
    def spares_gpus(self) -> bool:
        """Whether all that was asked for are profiles of which nothing computes on a GPU.

        Asking for one of those is asking for the CPU.
        """
        held = {text for row in self.profiles if not row.gpu for text in row.requirements}
        asked = {*self.request.requirements, *self.request.companions}
        return bool(asked) and asked <= held

    @property
    def left_out(self) -> tuple[Gpu, ...]:
        """GPUs beside those that frameworks run on: the plan does not use them."""
        return self.choice.left_out

    @cached_property
    def architectures(self) -> dict[str, Architecture]:
        """Architecture rows by compute capability."""
        return {row.compute_capability: row for row in self.catalog.architectures}

    @cached_property
    def tegra(self) -> frozenset[str]:
        """Capabilities of Tegra parts."""
        return frozenset(row.compute_capability for row in self.catalog.architectures if row.tegra)

    @cached_property
    def cuda(self) -> dict[str, Cuda]:
        """CUDA rows by minor release."""
        return {row.version: row for row in self.catalog.cuda}

    @cached_property
    def libraries(self) -> frozenset[tuple[str, str]]:
        """Package and version of each CUDA library that has a row."""
        return frozenset((row.package, row.version) for row in self.catalog.libraries)

    def cudnn_read(self, major: str, version: str) -> tuple[Library, ...]:
        """The cuDNN wheels of a CUDA major whose binaries were read, of one version or its kin."""
        key = (major, version)
        if key not in self._cudnn:
            self._cudnn[key] = tuple(
                library
                for library in self.catalog.libraries
                if library.via == "pip"
                and library.platform == self.platform
                and library.package.startswith("nvidia-cudnn")
                and library.cuda == major
                and f"{library.version}.".startswith(f"{version}.")
                and library.sass
            )
        return self._cudnn[key]

    def has_variants(self, framework: str) -> bool:
        """Whether a framework is built once for each variant of another: torchvision."""
        if framework not in self._variants:
            rows = self.catalog.builds(framework)
            self._variants[framework] = any(row.index for row in rows)
        return self._variants[framework]

    def base_of(self, row: Build) -> str | None:
        """The framework whose CUDA a build has to share, because it loads that one's libraries.

        The first that it requires and that itself requires no other, or that its newest release
        does: metadata of old ones forget it. None for a build that stands alone.
        """
        return self.named_base(row) or self.base_of_framework(row.framework)

    def named_base(self, row: Build) -> str | None:
        """As ``base_of``, by what the build itself requires."""
        names = (parse_wish(text).name for text in row.requires)
        return next((name for name in names if name != row.framework and self._is_base(name)), None)

    def base_of_framework(self, framework: str) -> str | None:
        """As ``base_of`` its newest build."""
        if framework not in self._extended:
            rows = self.catalog.builds(framework)
            self._extended[framework] = self.named_base(rows[-1]) if rows else None
        return self._extended[framework]

    def _is_base(self, framework: str) -> bool:
        if framework not in self.catalog.frameworks:
            return False
        if framework not in self._bases:
            rows = self.catalog.builds(framework)
            names = {parse_wish(text).name for row in rows for text in row.requires}
            stands_alone = not names.intersection(self.catalog.frameworks)
            self._bases[framework] = stands_alone and any(row.cuda for row in rows)
        return self._bases[framework]

    @cached_property
    def cuda_values(self) -> tuple[str, ...]:
        """What the CUDA of a build may be: none, a minor release, all of a major one."""
        majors = dict.fromkeys(version.partition(".")[0] for version in self.cuda)
        return (NO_CUDA, *self.cuda, *majors)

    def driver_of(self, versions: PerSystem) -> str | None:
        """The driver version that counts here: on WSL2 too it is the Windows driver's."""
        return versions.windows if self.has_windows_driver else versions.linux

    def cuda_within(self, version: str) -> list[Cuda]:
        """The rows of a minor release, or of all that a major release has; oldest first."""
        if "." in version:
            return [self.cuda[version]] if version in self.cuda else []
        return [row for row in self.catalog.cuda if row.version.startswith(f"{version}.")]

    def floor_of(self, cuda: str) -> str | None:
        """The oldest driver that runs machine code of this CUDA, None where nobody knows.

        What serves a whole major release asks for the most that any of it does.
        """
        floors = (self.driver_of(row.driver_floor) for row in self.cuda_within(cuda))
        return highest([floor for floor in floors if floor])

    def compiler_floor_of(self, cuda: str) -> str | None:
        """The oldest driver that compiles PTX of this CUDA, None where nobody knows."""
        row = self.cuda.get(cuda)
        return self.driver_of(row.driver_bundled) if row else None

    @cached_property
    def system(self) -> OperatingSystemRow | None:
        """The row of the machine's operating system, None where the catalog does not know it."""
        return system(self.catalog, self.machine.os.id, self.machine.os.version)

    @cached_property
    def python_order(self) -> tuple[str, ...]:
        """Interpreters in order of preference: asked for, the system's own, recommended, others.

        A system's own that can be had nowhere else, neither by uv nor in an image, is too old to be
        preferred: what such a system's packages bring today is another one.
        """
        if self.request.python:
            return (self.request.python,)
        newest_first = sorted(self.catalog.pythons, key=lambda row: numbers(row.version))[::-1]
        ordered = [row.version for row in newest_first if row.recommended]
        ordered += [row.version for row in newest_first if not row.recommended]
        gone = {row.version for row in newest_first if not row.fetched and not row.base_image}
        if self.system and self.system.python and self.system.python not in gone:
            ordered.insert(0, self.system.python)
        wanted = self.request.requires_python
        return tuple(
            version
            for version in dict.fromkeys(ordered)
            if not wanted or admits(wanted, version) or admits(wanted, f"{version}.{_LATE}")
        )

    @property
    def other_libc(self) -> str | None:
        """The C library where it is known and is not glibc, ``"musl 1.2.5"``."""
        libc = self.machine.os.libc
        return libc if libc and not libc.startswith("glibc") else None

    @cached_property
    def glibc(self) -> str | None:
        """The machine's glibc, None where it is not known or not glibc."""
        kind, _, version = (self.machine.os.libc or "").partition(" ")
        if kind == "glibc" and version:
            return version
        return self.system.glibc if self.system and not kind else None

    @cached_property
    def platform(self) -> str:
        """``linux-x86_64``, as builds name it."""
        return f"{self._kernel}-{self.machine.arch}"

    @cached_property
    def has_windows_driver(self) -> bool:
        """Whether the driver is one for Windows, whose releases are numbered otherwise."""
        return self.machine.os.wsl or self._kernel == "windows"

    @cached_property
    def _kernel(self) -> str:
        family = self.system.family if self.system else "linux"
        return family if family in {"windows", "macos"} else "linux"


def highest(versions: list[str]) -> str | None:
    """Return the highest of some driver versions, as written; None of none."""
    best: str | None = None
    for version in versions:
        if best is None or not at_least(best, version):
            best = version
    return best
