"""How the figures of speed go with the GPUs they are about, and with each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from provisioner.catalog import sheets
from provisioner.catalog.load import Catalog
from provisioner.catalog.problems import Problem, found_in
from provisioner.catalog.speed_rows import GpuFigures

_LANES = (1, 2, 4, 8, 16, 32)
"""Widths of a link that PCI Express knows."""
_LARGEST_GB_S, _LARGEST_TFLOPS = 1e5, 1e5
"""More than any GPU has: a slip of the unit."""


def problems(catalog: Catalog) -> Iterator[Problem]:
    """What is wrong with figures and shares in the light of the other sheets."""
    formats = _formats(catalog)
    generations = {row.generation for row in catalog.pcie}
    for figures in catalog.gpu_figures:
        messages = [*_own(figures), *_peaks(figures, formats)]
        if figures.pcie_generation is not None and figures.pcie_generation not in generations:
            messages.append(f"pcie_generation {figures.pcie_generation} has no row")
        yield from found_in(sheets.GPU_FIGURES, figures, messages)
    before = 0.0
    for row in catalog.pcie:
        if row.gb_s_per_lane <= before:
            message = f"gb_s_per_lane {row.gb_s_per_lane} is no more than that of the one before"
            yield from found_in(sheets.PCIE, row, (message,))
        before = row.gb_s_per_lane
    for share in catalog.expectations:
        if not 0 < share.at_least < 1:
            message = f"at_least {share.at_least} is no share between 0 and 1"
            yield from found_in(sheets.EXPECTATIONS, share, (message,))


def _formats(catalog: Catalog) -> dict[str, set[str]]:
    """By a GPU's name, the number formats that its capabilities are known to compute in."""
    known = {row.compute_capability: row.precisions for row in catalog.architectures}
    found: defaultdict[str, set[str]] = defaultdict(set)
    for model in catalog.gpus:
        found[model.name].update(known.get(model.compute_capability or "", ()))
    return found


def _own(row: GpuFigures) -> Iterator[str]:
    if row.memory_bytes <= 0:
        yield f"memory_bytes {row.memory_bytes} is no size of a GPU's memory"
    if not 0 < row.bandwidth_gb_s < _LARGEST_GB_S:
        yield f"bandwidth_gb_s {row.bandwidth_gb_s} is no bandwidth of a GPU"
    if row.pcie_lanes is not None and row.pcie_lanes not in _LANES:
        yield f"pcie_lanes {row.pcie_lanes} is no width of a link"
    if (row.pcie_lanes is None) is not (row.pcie_generation is None):
        yield "says half of its link: pcie_generation and pcie_lanes go together"


def _peaks(row: GpuFigures, formats: dict[str, set[str]]) -> Iterator[str]:
    if row.name not in formats:
        yield f"no GPU is called {row.name}"
        return
    for name, peak in row.peak_tflops.items():
        if not 0 < peak < _LARGEST_TFLOPS:
            yield f"peak_tflops: {name} {peak} is no speed of a GPU"
        if formats[row.name] and name not in formats[row.name]:
            yield f"peak_tflops: {row.name} is not known to compute in {name}"
