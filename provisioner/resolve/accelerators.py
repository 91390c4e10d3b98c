"""What a machine computes on: the GPUs of one maker, or the CPU; and which GPUs that leaves out.

A card of its own goes before graphics that are part of a processor, NVIDIA's before AMD's before
Intel's. Nearly every desktop has such graphics beside its card: they are left out with a warning,
where leaving out a card, or a GPU that somebody named, is an error.
"""

from __future__ import annotations

from typing import NamedTuple

from provisioner.catalog.load import Catalog
from provisioner.errors import RefusedError
from provisioner.machine import Gpu, Machine

OF_MAKER = {"nvidia": "cuda", "amd": "rocm", "intel": "xpu", "apple": "mps"}
"""The accelerator that a maker's GPUs are for builds."""

MAKERS = {"cuda": "NVIDIA", "rocm": "AMD", "xpu": "Intel", "mps": "Apple"}
"""Whose GPUs an accelerator stands for, as people write it."""

_PCI_VENDORS = {"nvidia": "10de", "amd": "1002", "intel": "8086"}
_CARDS_FIRST = {False: 0, None: 1, True: 2}


class Choice(NamedTuple):
    """What is computed on, the GPUs for it, and the GPUs that have no part in it."""

    accelerator: str
    """``cuda``, ``rocm``, ``xpu``, ``mps`` or ``cpu``."""
    gpus: tuple[Gpu, ...]
    left_out: tuple[Gpu, ...]


def choose(machine: Machine, catalog: Catalog, idle: tuple[Gpu, ...], *, apple: bool) -> Choice:
    """Return what a machine computes on.

    ``idle`` GPUs are known to be of no use for the request; ``apple`` says that it is a Mac with
    a processor of Apple's. Raises RefusedError ``gpu-vendor-unsupported`` for a GPU that would
    be left out and must not be, or of a maker that nothing is built for.
    """
    gpus = tuple(gpu for gpu in machine.gpus if gpu not in idle)
    if not gpus:
        on_purpose = was_named(machine) and not machine.gpus
        return Choice("mps" if apple and not on_purpose else "cpu", (), ())
    integrated = {gpu: is_integrated(catalog, gpu) for gpu in gpus if gpu.vendor != "nvidia"}

    def rank(gpu: Gpu) -> tuple[int, int]:
        makers = list(OF_MAKER)
        place = makers.index(gpu.vendor) if gpu.vendor in makers else len(makers)
        return (-1, 0) if gpu.vendor == "nvidia" else (_CARDS_FIRST[integrated[gpu]], place)

    best = min(gpus, key=rank)
    used = tuple(gpu for gpu in gpus if rank(gpu) == rank(best))
    left_out = tuple(gpu for gpu in gpus if gpu not in used)
    if best.vendor not in OF_MAKER:
        raise _nothing_for(used)
    needed = [gpu for gpu in left_out if was_named(machine) or integrated.get(gpu) is False]
    if needed:
        raise _several_makers(used, tuple(needed))
    return Choice(OF_MAKER[best.vendor], used, left_out)


def was_named(machine: Machine) -> bool:
    """Whether somebody said which GPUs there are, or that there are none; nothing was found."""
    return machine.sources.get("gpus") in {"option", "env"}


def is_integrated(catalog: Catalog, gpu: Gpu) -> bool | None:
    """Whether a GPU is part of a processor; None where the catalog does not say."""
    vendor, _, device = (gpu.pci_id or "").partition(":")
    rows = [row for row in catalog.gpus if row.device == device and row.vendor == vendor]
    if not rows and gpu.architecture:
        maker = _PCI_VENDORS.get(gpu.vendor)
        alike = (row for row in catalog.gpus if row.architecture == gpu.architecture)
        rows = [row for row in alike if row.vendor == maker]
    told = {row.integrated for row in rows}
    return told.pop() if len(told) == 1 else None


def called(gpu: Gpu) -> str:
    """A GPU's name and, where that does not say it, its target: ``RX 7900 XTX (gfx1100)``."""
    kind = gpu.architecture
    return f"{gpu.name} ({kind})" if kind and kind not in gpu.name else gpu.name


def is_known(catalog: Catalog, gpu: Gpu) -> bool:
    """Whether the catalog has a row of a GPU's PCI id."""
    return any(f"{row.vendor}:{row.device}" == gpu.pci_id for row in catalog.gpus)


def _nothing_for(gpus: tuple[Gpu, ...]) -> RefusedError:
    return RefusedError(
        "gpu-vendor-unsupported",
        f"The catalog holds no build for {_names(gpus)}.",
        context=("it has builds for the GPUs of NVIDIA, AMD, Intel and Apple, and for the CPU",),
        hint="To compute on the CPU on purpose, say --gpu none.",
    )


def _several_makers(used: tuple[Gpu, ...], left_out: tuple[Gpu, ...]) -> RefusedError:
    return RefusedError(
        "gpu-vendor-unsupported",
        f"{_names(left_out)} would be left idle: a plan runs on the GPUs of one maker.",
        context=(f"it would run on {_names(used)}",),
        hint="Name the GPUs of one maker with --gpu, or say --gpu none for the CPU.",
    )


def _names(gpus: tuple[Gpu, ...]) -> str:
    return ", ".join(gpu.name for gpu in gpus)
