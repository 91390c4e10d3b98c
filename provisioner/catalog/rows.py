"""The rows of the catalog: one fact each, with its proof and the day it was looked at.

Every row ends in ``evidence`` (a wheel and its member, or a document with its date) and
``checked`` (ISO date). Unknown keys are refused, so that a misspelt fact cannot hide.
"""

from __future__ import annotations

import msgspec


class Row(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What all rows share."""

    evidence: str
    checked: str


class PerSystem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A driver version for each operating-system family; None where it is not known."""

    linux: str | None = None
    windows: str | None = None


class HostCompilers(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The host compilers that one nvcc accepts: its own header refuses what is newer."""

    nvcc: str
    """``"12.8.93"``: the limits move from update to update."""
    gcc: str
    """The newest major release."""
    clang: str
    msvc_from: str
    """``_MSC_VER`` of the oldest compiler."""
    msvc_below: str
    """``_MSC_VER`` of the first that is too new."""


class Cuda(Row, frozen=True, kw_only=True):
    """One CUDA minor release, ``"12.8"``."""

    version: str
    architectures: tuple[str, ...] = ()
    """Targets that its ptxas accepts, ``sm_90a`` among them; empty where it was never run."""
    driver_floor: PerSystem
    """The oldest driver that runs its machine code (minor-version compatibility)."""
    driver_bundled: PerSystem
    """The driver that came with its first release: the oldest that compiles its PTX."""
    toolkits: tuple[str, ...] = ()
    """Versions of the ``cuda-toolkit`` package of this minor release, oldest first."""
    host_compilers: tuple[HostCompilers, ...] = ()
    """By nvcc, oldest first; empty where its header was never read."""


class Architecture(Row, frozen=True, kw_only=True):
    """One compute capability: which CUDA and which driver branches know it."""

    name: str
    compute_capability: str
    tegra: bool = False
    """Outside binary compatibility with desktop parts, in both directions."""
    renamed: str | None = None
    """The capability by which later CUDA releases call the same parts: Thor's 10.1 became 11.0."""
    first_cuda: str | None = None
    last_cuda: str | None = None
    """None: still supported."""
    first_driver_branch: str | None = None
    last_driver_branch: str | None = None
    """None: still supported by the newest branch."""
    kernel_modules: tuple[str, ...] = ("proprietary",)
    """``open``, ``proprietary`` or both."""
    precisions: tuple[str, ...] = ()
    """Number formats that its hardware is known to compute in, ``fp64`` to ``int4``; one that is
    missing is not known to be missing."""
    tensor_precisions: tuple[str, ...] | None = None
    """Those of them that its tensor cores multiply: empty without tensor cores; None where the
    list is not known, or not whole."""
    fp64_rate: str | None = None
    """Speed beside fp32 outside tensor cores, ``1/64``."""
    fp16_rate: str | None = None
    """As ``fp64_rate``: ``2`` is twice as fast as fp32."""
    chips_without_tensor_cores: tuple[str, ...] = ()
    """Chips of this capability that lack the tensor cores of the others."""


class AmdTarget(Row, frozen=True, kw_only=True):
    """One gfx target of AMD's compiler, and what kind of part it names."""

    name: str
    """``gfx1100``."""
    generation: str
    """AMD's name for the family: ``RDNA3``."""
    integrated: bool | None = None
    """Part of a processor (the compiler's ``APU``), or a card of its own (``dGPU``)."""


class GpuModel(Row, frozen=True, kw_only=True):
    """One PCI id (device, and subsystem where the name depends on it) and what it is."""

    vendor: str
    """PCI vendor, four lower-case hex digits: ``10de``."""
    device: str | None = None
    """Four lower-case hex digits; None for a part that is on no PCI bus, such as a Jetson's."""
    subsystem: str | None = None
    """``"17aa:365a"``, subvendor and subdevice."""
    name: str
    chip: str | None = None
    architecture: str | None = None
    compute_capability: str | None = None
    memory_bytes: int | None = None
    integrated: bool | None = None
    """It shares the processor's memory; False: a card of its own; None: not known."""
    official_rocm: str | None = None
    """AMD: the ROCm releases whose documents list its target, in the documents' words."""
    last_driver_branch: str | None = None


class DriverBranch(Row, frozen=True, kw_only=True):
    """One driver branch and its life."""

    branch: str
    kind: str | None = None
    """LTSB, PB (production), NFB (new feature), developer or legacy."""
    end_of_life: str | None = None
    """``"2028-06"``; ``"ended"`` where only that much is known; None where nothing is."""
    first_version: str | None = None
    """The first known Linux release."""
    kernel_modules: tuple[str, ...] = ()
    default_kernel_module: str | None = None
    """``open`` from the branch on that prefers it where a GPU takes both."""
    cuda: str | None = None
    """The CUDA minor release that came with the branch, where one did."""


class DriverPackage(Row, frozen=True, kw_only=True):
    """A package of an operating system that installs a driver branch."""

    os: str
    """``"ubuntu-22.04"``, or what NVIDIA's repository calls several alike: ``"rhel9"``."""
    package: str
    branch: str
    """The branch that really gets installed."""
    flavour: str
    """``open`` or ``proprietary``."""
    version: str | None = None
    component: str | None = None
    """The part of the archive that holds it: restricted, multiverse, non-free …"""
    redirects: tuple[str, ...] = ()
    """Other package names that now install this one."""
    repository: str | None = None
    """The publisher's repository that holds it, where the system's own archive does not."""
    pinning: str | None = None
    """What keeps on the branch: a package of that repository (apt); dnf: a stream, or a lock."""


class DataCentreGpu(Row, frozen=True, kw_only=True):
    """A product that NVIDIA counts among its data-centre GPUs."""

    name: str
    """The model as it stands in every board's name: ``A100`` of NVIDIA A100-SXM4-80GB."""


class ForwardCompatibility(Row, frozen=True, kw_only=True):
    """The driver branches under which a CUDA's ``cuda-compat`` package is supported.

    On data-centre GPUs only. The package is called after the release: ``cuda-compat-12-8``.
    """

    cuda: str
    branches: tuple[str, ...]


class Repository(Row, frozen=True, kw_only=True):
    """A publisher's package repository for one operating system, trusted by one key only."""

    name: str
    os: str
    arch: str
    """The processor that its packages are for."""
    address: str
    key: str
    """Where the signing key lies."""
    fingerprint: str


class CudaCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one of several bundled libraries holds code for, each being for another CUDA."""

    cuda: str
    """Major and minor, ``"12.6"``."""
    sass: tuple[str, ...] = ()
    ptx: tuple[str, ...] = ()


class Build(Row, frozen=True, kw_only=True):
    """One build of one framework: the unit that is chosen."""

    framework: str
    """The name a person asks for and the installer is asked for: ``tensorflow-gpu``."""
    provides: str | None = None
    """Another name that this build also answers to: ``tensorflow``."""
    version: str
    variant: str = "default"
    platform: str
    """``linux-x86_64``, ``linux-aarch64``."""
    pythons: tuple[str, ...] = ()
    cuda: str | None = None
    """Major and minor, ``"12.6"``; the major alone for a companion that serves all of it; None
    for a build without CUDA."""
    bundles_cuda: tuple[str, ...] = ()
    """Every CUDA that it holds a library for, where it holds several: bitsandbytes."""
    unknown: tuple[str, ...] = ()
    """Facts that it has and nobody could read: ``cuda``."""
    cudnn: str | None = None
    sass: tuple[str, ...] = ()
    """GPU code, ``sm_86``: of a build that serves one CUDA; empty where nobody read it."""
    ptx: tuple[str, ...] = ()
    """As ``sass``: ``compute_90``."""
    code_by_cuda: tuple[CudaCode, ...] = ()
    """GPU code of each library of ``bundles_cuda`` that was read, oldest CUDA first."""
    accelerator: str | None = None
    """``rocm``, ``xpu`` or ``mps``; None where ``cuda`` says it: CUDA, or the CPU."""
    rocm: str | None = None
    """ROCm as the variant names it, ``"7.2"`` or ``"6.2.4"``; None too where it is not known."""
    gfx: tuple[str, ...] = ()
    """AMD's targets that it holds code for, ``gfx1100``; empty where nobody read them."""
    requires: tuple[str, ...] = ()
    """What it needs beside it, PEP 508: ``torch==2.14.1``, ``nvidia-cudnn-cu12==9.10.2.21``."""
    glibc: str | None = None
    """Oldest glibc, from the wheel's tag."""
    cpu: tuple[str, ...] = ()
    """Instruction sets it needs: ``avx``."""
    via: str = "pip"
    """``pip``, ``conda`` (a package of the channel itself) or ``container`` (inside an image)."""
    extra: str | None = None
    """The extra that brings NVIDIA's libraries, ``and-cuda``."""
    libraries: str = "bundled"
    """Who brings CUDA's: ``bundled`` (the wheel or its requirements), or the ``system``."""
    index: str | None = None
    index_holds_dependencies: bool = False
    """Its dependencies too lie on that index alone; the default index holds placeholders."""
    channel: str | None = None
    package: str | None = None
    """What the channel calls it, where that is not ``framework``: conda-forge's ``pytorch``."""
    build_string: str | None = None
    image: str | None = None
    """Image with tag, for ``container``."""
    driver_floor: str | None = None
    """Where the publisher states a floor above CUDA's own."""
    download_bytes: int | None = None
    disk_bytes: int | None = None
    """What its wheel unpacks to; the bytecode that installers may add is not in it."""
    released: str | None = None
    """The day its first file was uploaded."""
    yanked: bool = False
    """Its publisher took it back: installers take it only where it is pinned."""
    kind: str
    """``measured`` or ``announced``."""


class Library(Row, frozen=True, kw_only=True):
    """One version of a CUDA library that a plan may pin: cuDNN, nvcc, conda's cudatoolkit."""

    package: str
    version: str
    via: str = "pip"
    channel: str | None = None
    platform: str = "linux-x86_64"
    cuda: str
    """Major (``"12"``) for wheels that serve a whole major release, else major and minor."""
    sass: tuple[str, ...] = ()
    """Empty where the binary was not read."""
    ptx: tuple[str, ...] = ()
    specific: tuple[str, ...] = ()
    """Those of ``sass`` that are for one capability (``sm_90a``) or its family (``sm_100f``)."""
    driver_floor: PerSystem | None = None
    """Where the publisher's matrix was read: the oldest driver it runs on."""
    kind: str


class SharedFile(Row, frozen=True, kw_only=True):
    """A file that several packages write, so that no two of them go into one environment."""

    file: str
    """Its path below the environment's packages."""
    packages: tuple[str, ...]


class Image(Row, frozen=True, kw_only=True):
    """A container image that templates may name: nothing else is ever printed after FROM."""

    image: str
    """Registry, name and tag: ``docker.io/library/debian:12``."""
    os: str | None = None
    python: str | None = None
    cuda: str | None = None
    cudnn: str | None = None
    """As the image's recipe pins it, ``"9.12.0.46"``; None where nobody looked."""
    kind: str = "announced"


class OperatingSystemRow(Row, frozen=True, kw_only=True):
    """An operating system that plans can be made for."""

    id: str
    """``ID`` of its os-release(5)."""
    aliases: tuple[str, ...] = ()
    """What people call it besides: ``alma`` for ``almalinux``."""
    version: str
    """``VERSION_ID`` of its os-release(5), or the part of it that all its minor releases share."""
    name: str
    codename: str | None = None
    family: str
    """``debian`` (apt), ``redhat`` (dnf), ``suse`` (zypper), ``windows`` or ``macos``."""
    glibc: str | None = None
    python: str | None = None
    """The interpreter of the system's own packages."""
    python_packages: tuple[str, ...] = ()
    interpreter: str = "/usr/bin/python3"
    """The one that ``python_packages`` bring: of ``python``, or a newer one only to fetch uv."""
    gcc: str | None = None
    """The major release of the compiler that its own packages install as ``gcc``."""
    other_compilers: tuple[str, ...] = ()
    """Packages with older releases beside it: ``g++-11``."""
    base_image: str | None = None
    nvidia_repository: str | None = None
    """The system's name in NVIDIA's package repository, ``debian12``."""
    end_of_life: str | None = None


class SystemPackage(Row, frozen=True, kw_only=True):
    """A package that was seen in the own archive of an operating system."""

    os: str
    """``"ubuntu-22.04"``."""
    package: str
    version: str | None = None
    """Where an index was read: the one it had that day."""


class Conflict(Row, frozen=True, kw_only=True):
    """A combination that the rules alone would allow and that is known not to work."""

    reference: str
    frameworks: tuple[str, ...] = ()
    """Empty: every framework."""
    version: str = ""
    cuda: str = ""
    cudnn: str = ""
    compute_capability: str = ""
    """Specifiers of the framework's version, the build's CUDA and cuDNN, a GPU's capability."""
    rocm: str = ""
    """Specifier of the build's ROCm; with it, ``gfx`` stands in place of a capability."""
    gfx: tuple[str, ...] = ()
    """AMD's targets that it is about."""
    effect: str
    """``refuse`` or ``warn``."""
    reason: str


class Cap(Row, frozen=True, kw_only=True):
    """A newer dependency breaks a release: the cap that brings it back."""

    framework: str
    version: str
    requirement: str
    beside: bool = False
    """The release does not bring it: it breaks only where something else does."""
    reason: str


class Address(Row, frozen=True, kw_only=True):
    """Where a publisher's packages or images lie: the only place that names a host."""

    name: str
    """What upkeep calls it: ``pytorch``, ``nvidia-redist``, ``docker-hub``."""
    address: str


class Tool(Row, frozen=True, kw_only=True):
    """A program that a rendered text fetches, pinned and hashed."""

    name: str
    version: str
    specifier: str = ""
    """The versions that upkeep may move to: ``==0.13.*``."""
    hashes: tuple[str, ...]
    """``sha256:…`` of the files that may be taken."""
