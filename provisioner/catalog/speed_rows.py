"""The rows that say how fast things may be expected to be.

Figures of makers are expectations, not promises: what is judged by them is said with its basis.
"""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.catalog.rows import Row


class GpuFigures(Row, frozen=True, kw_only=True):
    """What is stated of the GPUs that a driver calls by one name, with one size of memory.

    Where several boards bear the name, each figure is the lowest of theirs. What a maker of
    laptops may change (power, and so the peaks; the link) is left out where one of them is for a
    laptop.
    """

    name: str
    """As the driver prints it."""
    memory_bytes: int
    bandwidth_gb_s: float
    """Of its own memory, 10^9 bytes a second."""
    peak_tflops: Mapping[str, float] = {}
    """Dense, by number format as ``Architecture.precisions`` has it: ``{"fp16": 71.0}``."""
    pcie_generation: int | None = None
    """What the card itself is for; None for a part that is no card in a slot."""
    pcie_lanes: int | None = None


class PcieGeneration(Row, frozen=True, kw_only=True):
    """What one lane of a PCI Express link carries, one way."""

    generation: int
    gb_s_per_lane: float
    """10^9 bytes a second, without what the line coding takes; packets' heads still count in."""


class Expectation(Row, frozen=True, kw_only=True):
    """The share of a stated figure below which a measured one is told as low."""

    measure: str
    """``memory copy`` (of the memory's bandwidth), ``matmul`` (of the peak of its number format)
    or ``link`` (of what its lanes carry)."""
    at_least: float
