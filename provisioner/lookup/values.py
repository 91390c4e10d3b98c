"""The answers: rows of the catalog, and what follows from them.

Keys are those of the rows. A derived fact is None where the rows do not say enough.
"""

from __future__ import annotations

import msgspec

from provisioner.catalog.rows import (
    Architecture,
    Build,
    Cuda,
    DriverBranch,
    DriverPackage,
    GpuModel,
)
from provisioner.catalog.words import Profile


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a framework: what its builds have together."""

    version: str
    released: str | None
    """The day it came out, where a row says so."""
    cuda: tuple[str, ...]
    """Of all builds, newest first."""
    cpu: bool
    """Whether there is a build without CUDA."""
    unknown: bool
    """Whether there is a build of which nobody knows the CUDA."""
    pythons: tuple[str, ...]
    sass: tuple[str, ...]
    """Of all builds, lowest first: no single build need hold them all."""
    ptx: tuple[str, ...]
    kinds: tuple[str, ...]
    builds: tuple[Build, ...]


class Releases(msgspec.Struct, frozen=True, kw_only=True):
    """Every release of a framework, newest first."""

    about: str = "releases"
    framework: str
    checked: str
    releases: tuple[Release, ...]


class BuildFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One build, and the drivers it asks for."""

    build: Build
    extends: str | None
    """The framework whose build decides on GPUs and CUDA, where this one names no code."""
    cuda: str | None
    """Its own, else that of the framework it extends."""
    driver_for_sass: str | None
    """The oldest driver that runs its machine code."""
    driver_for_ptx: str | None
    """The oldest driver that compiles its PTX, where it has any."""


class Builds(msgspec.Struct, frozen=True, kw_only=True):
    """The builds within a version range, newest first."""

    about: str = "builds"
    framework: str
    requirement: str
    builds: tuple[BuildFacts, ...]
    cuda_releases: tuple[Cuda, ...]
    """What their drivers rest on."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The newest build of a framework that runs on a GPU, on one platform and by one way."""

    framework: str
    build: Build
    extends: str | None
    """The framework whose build decides on GPUs, where this one brings no code of its own."""
    by: str
    """``sm_86`` or ``compute_90``; empty for a build that brings no code of its own."""
    kind: str
    """``sass`` or ``ptx``; empty as ``by`` is."""
    driver_minimum: str | None


class GpuAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a GPU is and what runs on it."""

    about: str = "gpu"
    name: str
    """The product's; what was asked where that means several products."""
    vendor: str
    compute_capability: str | None
    memory_bytes: int | None
    models: tuple[GpuModel, ...]
    architecture: Architecture | None
    newest_cuda: str | None
    """The newest CUDA of the catalog that has code for it."""
    newest_driver_branch: str | None
    """The newest branch of the catalog that came out and drives it."""
    kernel_modules: tuple[str, ...]
    tensor_precisions: tuple[str, ...] | None
    """As the architecture's; empty for a chip without tensor cores."""
    runs: tuple[Run, ...]
    without: tuple[str, ...]
    """Frameworks of the catalog of which nothing runs on it."""
    unknown: tuple[str, ...]
    """Frameworks of which nothing is known to run, because the code of some builds is not."""
    cuda_releases: tuple[Cuda, ...]
    """What the drivers of ``runs`` rest on."""


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """The builds of one framework and variant that use a CUDA; versions newest first."""

    framework: str
    variant: str
    platform: str
    via: str
    versions: tuple[str, ...]
    builds: tuple[Build, ...]


class CudaAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a CUDA minor release asks for and who uses it."""

    about: str = "cuda"
    cuda: Cuda
    architectures: tuple[Architecture, ...]
    """The capabilities that it has code for: of its compiler where that was read, else those
    whose first and last CUDA say so."""
    driver_branch: str | None
    """The branch that came with it."""
    used_by: tuple[Use, ...]


class CudaReleases(msgspec.Struct, frozen=True, kw_only=True):
    """CUDA minor releases, newest first."""

    about: str = "cuda-releases"
    releases: tuple[Cuda, ...]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """From which release of a driver branch on which CUDA is the newest."""

    driver: str
    cuda: str | None
    """None: none of the catalog's."""


class DriverAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a driver branch drives, runs and is installed by."""

    about: str = "driver"
    version: str | None
    """The release that was asked for; None for the branch as a whole."""
    branch: DriverBranch
    over: bool | None
    """Whether its life had ended when the catalog was last looked at; None where it is unknown."""
    checked: str
    architectures: tuple[Architecture, ...]
    """What it drives; not Tegra parts, whose driver is their board's own."""
    runs_cuda: tuple[Step, ...]
    """The newest CUDA whose machine code runs, by release of the branch."""
    compiles_cuda: tuple[Step, ...]
    """The newest CUDA whose PTX it compiles, by release of the branch."""
    cuda_releases: tuple[Cuda, ...]
    """The rows of both."""
    packages: tuple[DriverPackage, ...]
    redirected: tuple[DriverPackage, ...]
    """Packages of other branches that its own package names now install."""


class DriverBranches(msgspec.Struct, frozen=True, kw_only=True):
    """Driver branches, newest first."""

    about: str = "driver-branches"
    branches: tuple[DriverBranch, ...]


class ProfileAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A profile and what becomes of its words."""

    about: str = "profile"
    profile: Profile
    chosen: tuple[str, ...]
    """Those of its requirements whose version the catalog chooses."""
    companions: tuple[str, ...]
    """The others, which are handed to the installer as they stand."""


class Profiles(msgspec.Struct, frozen=True, kw_only=True):
    """Every profile, in the order of the sheet."""

    about: str = "profiles"
    profiles: tuple[Profile, ...]


Answer = (
    Releases
    | Builds
    | GpuAnswer
    | CudaAnswer
    | CudaReleases
    | DriverAnswer
    | DriverBranches
    | ProfileAnswer
    | Profiles
)
