"""Figures of speed that cannot be: each planted once, each told once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from provisioner import resources
from provisioner.catalog import sheets
from provisioner.catalog.check_fields import messages
from provisioner.catalog.check_speed import problems
from provisioner.catalog.dump import dump
from provisioner.catalog.load import Catalog
from provisioner.catalog.speed_rows import Expectation, GpuFigures, PcieGeneration

PROOF = {"evidence": "made", "checked": "2026-11-20"}
FIGURES: dict[str, Any] = {
    "name": "NVIDIA GeForce RTX 4090",
    "memory_bytes": 24 << 30,
    "bandwidth_gb_s": 1008.0,
    "peak_tflops": {"fp32": 82.6, "fp16": 165.2},
    "pcie_generation": 4,
    "pcie_lanes": 16,
    **PROOF,
}


def told(folder: Path, sheet: sheets.Sheet, *rows: msgspec.Struct) -> list[str]:
    """What the audit says of a catalog whose one sheet holds just these rows."""
    stacks = folder / "stacks"
    for name in ("nvidia", "amd", "intel", "speed"):
        shutil.copytree(resources.stacks() / name, stacks / name)
    (stacks / sheet.path).write_bytes(dump(sheet, rows))
    return [str(problem) for problem in problems(Catalog(stacks))]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, None),
        ({"name": "NVIDIA GeForce RTX 9090"}, "no GPU is called NVIDIA GeForce RTX 9090"),
        ({"memory_bytes": 0}, "memory_bytes 0 is no size of a GPU's memory"),
        ({"bandwidth_gb_s": 1008e9}, "bandwidth_gb_s 1008000000000.0 is no bandwidth of a GPU"),
        ({"peak_tflops": {"fp16": 165.2e12}}, "peak_tflops: fp16 165200000000000.0 is no speed"),
        (
            {"peak_tflops": {"fp6": 330.0}},
            "peak_tflops: NVIDIA GeForce RTX 4090 is not known to compute in fp6",
        ),
        ({"pcie_lanes": 12}, "pcie_lanes 12 is no width of a link"),
        ({"pcie_generation": 9}, "pcie_generation 9 has no row"),
        ({"pcie_lanes": None}, "says half of its link"),
    ],
)
def test_figures_that_cannot_be_are_told(
    tmp_path: Path, changed: dict[str, Any], expected: str | None
) -> None:
    found = told(tmp_path, sheets.GPU_FIGURES, GpuFigures(**{**FIGURES, **changed}))

    if expected is None:
        assert found == []
    else:
        assert len(found) == 1
        assert expected in found[0]
        assert found[0].startswith("nvidia/gpu_figures.jsonl, ")


def test_a_newer_generation_carries_more(tmp_path: Path) -> None:
    slow = PcieGeneration(generation=5, gb_s_per_lane=1.9, **PROOF)
    rows = (*Catalog(resources.stacks()).pcie[:4], slow)
    found = told(tmp_path, sheets.PCIE, *rows)

    assert found == ["speed/pcie.toml, 5: gb_s_per_lane 1.9 is no more than that of the one before"]


@pytest.mark.parametrize("share", [0.0, 1.0, 50.0, -0.1])
def test_a_share_lies_between_nothing_and_all(tmp_path: Path, share: float) -> None:
    row = Expectation(measure="matmul", at_least=share, **PROOF)

    assert told(tmp_path, sheets.EXPECTATIONS, row) == [
        f"speed/expectations.toml, matmul: at_least {share} is no share between 0 and 1"
    ]


def test_nothing_is_expected_of_a_measure_that_nobody_takes() -> None:
    row = Expectation(measure="latency", at_least=0.5, **PROOF)

    assert list(messages(row)) == ["measure: 'latency' is none of memory copy, matmul, link"]


def test_nothing_is_wrong_with_what_stands() -> None:
    assert list(problems(Catalog(resources.stacks()))) == []
