"""What a file says about an environment: plain statements, each with the line that it stands on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

Inside = Literal["image", "environment", "machine"]


class Place(msgspec.Struct, frozen=True):
    """Where something is said: the line, counted from one, and the words themselves."""

    line: int
    text: str
    file: str = ""
    """The file that is named by the one that is checked, as one would open it; empty: that one."""


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """A container image that something is built on or run in, as it is written."""

    name: str
    at: Place


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """A package that pip, uv or conda is asked for."""

    name: str
    """As the catalog has it: ``pytorch`` is ``torch``."""
    at: Place
    specifier: str = ""
    """PEP 440, also where conda's form was written."""
    extras: tuple[str, ...] = ()
    manager: Literal["pip", "conda"] = "pip"
    indexes: tuple[str, ...] = ()
    """Addresses of the indexes that are named for it, without user names and passwords."""
    replaces_default: bool = False
    """The default index is not asked any more."""
    sources_known: bool = True
    """False: a file, a folder or a variable may name further sources."""
    channels: tuple[str, ...] = ()
    build: str = ""
    """conda's build string, with its wildcards."""
    where: str = ""
    """Which of several environments of one file it goes into."""
    conditional: bool = False
    """It stands in a branch that need not be taken."""
    marker: str = ""
    """The condition that its line ends in (PEP 508), until the machine is known."""
    upgrades: bool = False
    """What is there already is replaced by what is newest."""
    platforms: tuple[str, ...] = ()
    """The only ones that it is asked for on, ``linux-x86_64``; empty: on all."""


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """A range for a package, should anything bring it: a constraint."""

    name: str
    specifier: str
    at: Place


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A list, or a project, that an installer reads: what else it asks for is not known here."""

    at: Place
    where: str = ""


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says and could not be read: of what follows from it nothing is known."""

    at: Place
    reference: str
    reason: str
    """A sentence for people."""
    stops: bool = False
    """The installer, too, would go no further."""
    fix: tuple[str, ...] = ()


class SystemPackage(msgspec.Struct, frozen=True, kw_only=True):
    """A package that apt, dnf or zypper is asked for."""

    name: str
    at: Place
    version: str = ""
    conditional: bool = False


class Python(msgspec.Struct, frozen=True, kw_only=True):
    """Which Python an environment has: a PEP 440 range of versions."""

    specifier: str
    at: Place
    where: str = ""
    platforms: tuple[str, ...] = ()
    """As of a package."""


class SolverCuda(msgspec.Struct, frozen=True, kw_only=True):
    """The CUDA that a solver takes the driver to speak, and without which it installs nothing.

    None: it solves as for a machine without a GPU, whatever the machine has.
    """

    cuda: str | None
    at: Place


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A key, an installer or another file that is fetched or run: by its address or its name."""

    name: str
    at: Place
    run: bool = False
    """It is started, not only fetched."""
    words: tuple[str, ...] = ()
    """What it is started with."""


class CompileTargets(msgspec.Struct, frozen=True, kw_only=True):
    """The architectures that nvcc compiles for: ``sm_86`` machine code, ``compute_86`` PTX."""

    names: tuple[str, ...]
    setting: str
    """Where they are set: ``nvcc``, ``TORCH_CUDA_ARCH_LIST``, ``CMAKE_CUDA_ARCHITECTURES``."""
    at: Place
    conditional: bool = False


class ChosenCompiler(msgspec.Struct, frozen=True, kw_only=True):
    """The gcc that nvcc is made to call, by its major release."""

    version: str
    at: Place
    conditional: bool = False


class PipCall(msgspec.Struct, frozen=True, kw_only=True):
    """pip is asked to install into the Python of the system itself."""

    program: str
    words: tuple[str, ...]
    at: Place
    conditional: bool = False


class GivenGpu(msgspec.Struct, frozen=True, kw_only=True):
    """A container is to be given GPUs: without one it does not start."""

    at: Place


class Opaque(msgspec.Struct, frozen=True, kw_only=True):
    """Something that may bring a Python, or open the system's to pip: nobody reads what it does."""

    at: Place


Statement = (
    Image
    | Package
    | Bound
    | Listed
    | SystemPackage
    | Python
    | SolverCuda
    | Fetched
    | CompileTargets
    | ChosenCompiler
    | PipCall
    | GivenGpu
    | Opaque
    | Unread
)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What belongs together: a stage of a Dockerfile, a service, a whole script."""

    inside: Inside
    """Where it takes effect: in an image, in an environment, or on the machine itself."""
    name: str = ""
    statements: tuple[Statement, ...] = ()
    final: bool = True
    """False for a stage that others are made from."""
    uses_gpu: bool | None = None
    """Whether a container is given GPUs; None where such a file cannot say it."""
    may_use_gpu: bool = False
    """A default runtime, if it is NVIDIA's, gives them."""

    def images(self) -> Iterator[Image]:
        """The images, in their order."""
        return (one for one in self.statements if isinstance(one, Image))

    def packages(self) -> Iterator[Package]:
        """What pip, uv and conda are asked for, in its order."""
        return (one for one in self.statements if isinstance(one, Package))

    def bounds(self) -> Iterator[Bound]:
        """The constraints, in their order."""
        return (one for one in self.statements if isinstance(one, Bound))

    def listed(self) -> Iterator[Listed]:
        """What an installer reads besides, in its order."""
        return (one for one in self.statements if isinstance(one, Listed))

    def unread(self) -> Iterator[Unread]:
        """What could not be read, in its order."""
        return (one for one in self.statements if isinstance(one, Unread))

    def system_packages(self) -> Iterator[SystemPackage]:
        """What the system's package manager is asked for, in its order."""
        return (one for one in self.statements if isinstance(one, SystemPackage))

    def pythons(self) -> Iterator[Python]:
        """What is said about Python, in its order."""
        return (one for one in self.statements if isinstance(one, Python))

    def solver_cuda(self) -> Iterator[SolverCuda]:
        """What a solver takes the driver for: one statement at most."""
        return (one for one in self.statements if isinstance(one, SolverCuda))

    def fetched(self) -> Iterator[Fetched]:
        """Files that are fetched or run, in their order."""
        return (one for one in self.statements if isinstance(one, Fetched))

    def given_gpus(self) -> Iterator[GivenGpu]:
        """Where the container is given GPUs."""
        return (one for one in self.statements if isinstance(one, GivenGpu))

    def compile_targets(self) -> Iterator[CompileTargets]:
        """What is compiled for, in its order."""
        return (one for one in self.statements if isinstance(one, CompileTargets))

    def compilers(self) -> Iterator[ChosenCompiler]:
        """The compilers that are chosen, in their order."""
        return (one for one in self.statements if isinstance(one, ChosenCompiler))


ASIDE = (Listed, PipCall, Opaque)
"""What only helps to judge other statements."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One file as it was understood; ``kind`` None where it is nothing that dlsetup knows."""

    name: str
    kind: str | None
    parts: tuple[Part, ...] = ()
