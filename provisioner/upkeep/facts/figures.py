"""What is stated of the speed of NVIDIA's GPUs: bandwidth, peaks and link."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from provisioner.catalog.speed_rows import GpuFigures
from provisioner.upkeep.facts.table import Facts, short

_GIB = 1024**3
_TENSOR = "fp16_bf16_tensor_tflops_dense"
_PEAKS = {"fp32": "fp32_tflops", "tf32": "tf32_tflops_dense", "bf16": _TENSOR, "fp16": _TENSOR}
"""The formats that a benchmark multiplies in, and the columns with their peaks."""
_LAPTOP, _IN_THE_PROCESSOR = "laptop", "integrated"
"""How the notes begin on a part whose power its buyer sets, and on one that is in no slot."""
_NOT_OF_SPEED = re.compile(r" ; nvlink: .*")
_UNNAMED = re.compile(r"(?: quoted in)?,? \(?\(public files\)\)?(?: and \d+)?")

Lines = Sequence[dict[str, str]]


def figures(facts: Facts) -> list[GpuFigures]:
    """One row for each name that the driver prints and each size of memory behind it."""
    boards: dict[tuple[str, int], list[dict[str, str]]] = {}
    for row in facts.rows("19_gpu_specs"):
        for name in filter(None, re.split(r"\s*\|\s*", row["driver_name"])):
            size = int(float(row["memory_gb"]) * _GIB)
            boards.setdefault((name, size), []).append(row)
    return [
        _figures(name, size, lines, facts.gathered)
        for (name, size), lines in boards.items()
        if all(line["bandwidth_gb_s"] for line in lines)
    ]


def _figures(name: str, size: int, lines: Lines, day: str) -> GpuFigures:
    notes = {line["note"].partition(":")[0] for line in lines}
    in_slot = not notes & {_LAPTOP, _IN_THE_PROCESSOR}
    return GpuFigures(
        name=name,
        memory_bytes=size,
        bandwidth_gb_s=min(float(line["bandwidth_gb_s"]) for line in lines),
        peak_tflops={} if _LAPTOP in notes else _peaks(lines),
        pcie_generation=_lowest(lines, "pcie_gen") if in_slot else None,
        pcie_lanes=_lowest(lines, "pcie_lanes") if in_slot else None,
        evidence="; ".join(dict.fromkeys(_source(line["source"]) for line in lines)),
        checked=day,
    )


def _peaks(lines: Lines) -> dict[str, float]:
    if any(line["bf16_native"] != "yes" for line in lines):
        wanted = {name: column for name, column in _PEAKS.items() if name != "bf16"}
    else:
        wanted = _PEAKS
    return {
        name: min(float(line[column]) for line in lines)
        for name, column in wanted.items()
        if all(line[column] for line in lines)
    }


def _lowest(lines: Iterable[dict[str, str]], column: str) -> int | None:
    found = [int(float(line[column])) for line in lines if line[column]]
    return min(found, default=None)


def _source(text: str) -> str:
    return short(_UNNAMED.sub("", _NOT_OF_SPEED.sub("", text)))
