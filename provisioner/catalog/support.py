"""What somebody says of builds that cannot be read from here: one row a list or document."""

from __future__ import annotations

from provisioner.catalog.rows import Row


class Support(Row, frozen=True, kw_only=True):
    """GPUs of other makers than NVIDIA that somebody names for builds that cannot be read.

    For ``rocm`` it is where upkeep takes ``Build.gfx`` from; for ``xpu`` and ``mps`` the resolver
    asks it itself. Of several rows that speak of a build and a GPU, any one is enough.
    """

    accelerator: str
    """``rocm``, ``xpu`` or ``mps``."""
    frameworks: tuple[str, ...]
    version: str = ""
    """Specifier of the framework's version."""
    rocm: tuple[str, ...] = ()
    """The ROCm releases that the builds are for."""
    gpus: tuple[str, ...] = ()
    """gfx targets, or Intel's code names, as ``GpuModel.architecture`` has them."""
    named: str = ""
    """A word that the GPU's own name must hold, where the code name covers other parts as well."""
    systems: tuple[str, ...] = ()
    """Systems that it names, as ``--os`` takes them; empty where it names none."""
    not_systems: tuple[str, ...] = ()
    """Systems that the same table names for other GPUs, and not for these."""
    system_floor: str | None = None
    """The oldest release of the system: ``14.0`` of macOS."""
