"""Rows that the catalog is kept up with: no plan reads them."""

from __future__ import annotations

import msgspec

from provisioner.catalog.rows import PerSystem, Row


class IndexVariant(Row, frozen=True, kw_only=True):
    """A variant that a publisher's index holds for every release of a framework."""

    framework: str
    variant: str
    first_version: str
    """The first release that has it."""
    platforms: tuple[str, ...]
    address: str
    """The row of ``addresses.toml`` below which the index lies."""
    path: str
    """Where the index lies below that address."""


class Project(Row, frozen=True, kw_only=True):
    """A project of the package index whose releases upkeep measures."""

    name: str
    provides: str | None = None
    """Another name that its builds also answer to: ``tensorflow``."""
    holds: str = "builds"
    """``builds`` that plans choose from, ``companions`` that nobody chooses, builds for other
    makers' GPUs (``accelerators``), what is ``unplanned`` because no plan takes it yet, or
    ``libraries``."""
    cuda: str | None = None
    """The CUDA that its name states and its wheels need not: ``12``."""
    cuda_of: str | None = None
    """The framework it is built with: it has that one's CUDA where its wheel has GPU code and
    does not say for which CUDA."""
    rocm: str | None = None
    """The ROCm that its name states."""
    runtime: str | None = None
    """The project that holds its machine code, ``jaxlib``: its own wheels are plain Python. Plans
    choose from builds that are put together: base, runtime and the plugins that extras bring."""
    platforms: tuple[str, ...] = ()
    """The platforms it is measured on; empty: all."""
    source: bool = False
    """It publishes its source alone: documents say what building it needs."""
    gpu: bool = False
    """Every wheel of it needs a GPU; one that does not say which CUDA leaves that unknown."""
    extra: str | None = None
    """The extra that brings NVIDIA's libraries, ``and-cuda``."""
    libraries: str = "bundled"
    """Where CUDA's libraries come from when the extra does not bring them."""


class Reading(Row, frozen=True, kw_only=True):
    """Which member of a project's wheels proves a fact, and how it reads there."""

    project: str
    versions: str = ""
    """Specifier of the releases it holds for; empty: all."""
    fact: str
    """``cuda``, ``no-cuda`` (the wheel says that it has none), ``rocm``, ``cudnn``, ``sass``,
    ``targets`` (machine code and PTX in one list), ``code`` (fat binaries), ``common-code`` (the
    list of targets that most of their code belongs to), ``code-by-cuda`` (those of several
    libraries, each for the CUDA that the groups of ``member`` find in its name) or ``ptxas`` (an
    assembler that is run)."""
    member: str
    """Regular expression of the member's whole name."""
    pattern: str = ""
    """Regular expression of the value; empty: the member's name holds it, or its fat binaries."""
    needed: bool = True
    """A wheel in which it is not found has changed its layout, and is reported."""
    read_bytes: int | None = None
    """What it may cost where a member must be read whole, because it is run or because its GPU code
    lies all over it; otherwise a few megabytes."""


class Documented(Row, frozen=True, kw_only=True):
    """What wheels do not say of themselves, and a document does."""

    framework: str
    versions: str
    """Specifier of the releases it holds for."""
    machine: str | None = None
    """Only for builds of this machine: ``x86_64``."""
    cuda: str | None = None
    cudnn: str | None = None
    ptx: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    cpu: tuple[str, ...] = ()
    driver_floor: PerSystem | None = None


class Broken(Row, frozen=True, kw_only=True):
    """A wheel of the index that no installer can use either, and that is not asked for again."""

    wheel: str
    """Its file name; it stands for all wheels of its release and platform."""
    reason: str


class CapFound(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A requirement that cures one error of a release, with the versions that prove it."""

    requirement: str
    """``protobuf<4.21``, or ``setuptools`` where that was missing."""
    error: str
    """What the release says without it, all other caps in place."""
    good: str
    """The version it works with."""
    bad: str | None = None
    """The next version, which fails; None where nothing newer was seen failing."""


class Rot(Row, frozen=True, kw_only=True):
    """What time did to one release: installed for real, plainly and with the caps it needs."""

    framework: str
    version: str
    python: str
    """The interpreter it was tried on, ``3.8.18``: the newest that has a wheel of it."""
    plain: str
    """``works``, or the error after a plain install."""
    caps: tuple[CapFound, ...] = ()
    capped: str = "works"
    """What came of installing with the caps; where nothing helps, the error."""


class Difference(Row, frozen=True, kw_only=True):
    """Where another project's table says something else than the catalog, and why."""

    peer: str
    """The extract that holds its statement, as ``tests/peers`` names it: ``spack``."""
    subject: str
    theirs: str
    ours: str
    """What the catalog says; ``nothing`` where it has no row."""
    reason: str
