"""Figures of GPUs' speed out of the facts: the lowest where several boards bear one name."""

from __future__ import annotations

from collections.abc import Callable

from provisioner.catalog.speed_rows import GpuFigures
from provisioner.upkeep.facts.figures import figures
from provisioner.upkeep.facts.table import Facts

A = "list c1 ; tensor: paper quoted in (public files) and 66603 ; nvlink: none (public files)"
HEAD = (
    "name,driver_name,memory_gb,bandwidth_gb_s,fp32_tflops,tf32_tflops_dense,"
    "fp16_bf16_tensor_tflops_dense,bf16_native,pcie_gen,pcie_lanes,note,source"
)
TABLE = f"""
{HEAD}
A,NVIDIA A | NVIDIA a,24.0,1008,82.6,82.6,165.2,yes,4.0,16,derived,{A}
B,Tesla B,16.0,320.0,8.1,,65,no,3.0,16,,list c2
C,NVIDIA C,8.0,448.0,9.06,,36.2,no,3.0,16,,list c3
C Mobile,NVIDIA C,8.0,352.0,7.07,,28.3,no,3.0,16,laptop: power depends on the maker,list c4
D 4,NVIDIA D,4.0,192.0,7.1,,,no,4.0,8,,list c5
D 8,NVIDIA D,8.0,224.0,9.1,,,no,4.0,16,,list c6
D other,NVIDIA D,8.0,230.0,8.8,,,no,3.0,8,,list c7
E,NVIDIA E,128.0,273.2,29.7,,,yes,,,integrated: unified memory,list c8
F,,80.0,1000,1,1,1,yes,5.0,16,,list c9
"""


def test_figures(facts: Callable[..., Facts]) -> None:
    found = {(row.name, row.memory_bytes >> 30): row for row in figures(facts(t19_gpu_specs=TABLE))}

    def row(name: str, gib: int) -> GpuFigures:
        return found.pop((name, gib))

    a = row("NVIDIA A", 24)
    assert dict(a.peak_tflops) == {"fp32": 82.6, "tf32": 82.6, "bf16": 165.2, "fp16": 165.2}
    assert (a.bandwidth_gb_s, a.pcie_generation, a.pcie_lanes) == (1008, 4, 16)
    assert (a.evidence, a.checked) == ("list c1 ; tensor: paper", "2026-11-20")
    assert row("NVIDIA a", 24).evidence == a.evidence
    assert dict(row("Tesla B", 16).peak_tflops) == {"fp32": 8.1, "fp16": 65}
    c = row("NVIDIA C", 8)
    assert (c.bandwidth_gb_s, dict(c.peak_tflops), c.pcie_generation, c.pcie_lanes) == (
        352,
        {},
        None,
        None,
    )
    assert c.evidence == "list c3; list c4"
    assert row("NVIDIA D", 4).bandwidth_gb_s == 192
    d = row("NVIDIA D", 8)
    assert (d.bandwidth_gb_s, dict(d.peak_tflops)) == (224, {"fp32": 8.8})
    assert (d.pcie_generation, d.pcie_lanes) == (3, 8)
    e = row("NVIDIA E", 128)
    assert (e.bandwidth_gb_s, e.pcie_lanes, dict(e.peak_tflops)) == (273.2, None, {"fp32": 29.7})
    assert found == {}
