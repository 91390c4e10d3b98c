"""cuDNN, compilers and tools on a loopback index → rows, written by hand."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from provisioner.catalog import sheets
from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Cuda, Library, Tool
from provisioner.errors import OutsideError
from provisioner.upkeep.comparing import Refreshed
from provisioner.upkeep.survey import Trouble
from tests.unit.upkeep import wheels
from tests.unit.upkeep.loopback import Loopback
from tests.unit.upkeep.measuring import asked

CHECKOUT = Path(__file__).resolve().parents[3]
CATALOG = Catalog(CHECKOUT / "stacks")
LINUX = "py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64"
PTXAS = """#!/bin/sh
cat <<'END'
--gpu-name <name> (-arch)
        Specify name of NVIDIA GPU to generate code for.
        Allowed values for this option:  'compute_75','sm_75','sm_90','sm_90a','sm_100f'.
        Default value:  'sm_75'.
--other
        Allowed values for this option:  'sm_35'.
END
"""
runs_ptxas = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"),
    reason="compilers are asked on Linux on x86_64 alone",
)
pytestmark = pytest.mark.usefixtures("day")


def rows(found: Refreshed, sheet: sheets.Sheet) -> list[Any]:
    """The rows that the catalog has not."""
    known = set(CATALOG.rows_of(sheet))
    return [row for row in found.rows.get(sheet, ()) if row not in known]


def nvcc(index: Loopback, version: str, ptxas: str = PTXAS) -> str:
    members = {"nvidia/cu99/bin/ptxas": ptxas, "nvidia/cu99/bin/nvcc": b"\x7fELF"}
    name = f"nvidia_cuda_nvcc-{version}-{LINUX}.whl"
    index.add("nvidia-cuda-nvcc", name, wheels.wheel("nvidia-cuda-nvcc", version, members))
    return name


def test_cudnn_holds_code_for_the_targets_of_its_fat_binaries(index: Loopback) -> None:
    code = wheels.fat(
        wheels.entry(wheels.ELF, 75), wheels.entry(wheels.ELF, 90), wheels.entry(wheels.PTX, 90)
    )
    members = {"nvidia/cudnn/lib/libcudnn_cnn.so.9": b"\x7fELF" + code}
    name = f"nvidia_cudnn_cu13-99.1.0.7-{LINUX}.whl"
    data = wheels.wheel("nvidia-cudnn-cu13", "99.1.0.7", members)
    index.add("nvidia-cudnn-cu13", name, data)

    found = asked("nvidia-cudnn-cu13")

    assert found.troubles == ()
    (made,) = rows(found, sheets.LIBRARIES)
    assert made == Library(
        package="nvidia-cudnn-cu13",
        version="99.1.0.7",
        platform="linux-x86_64",
        cuda="13",
        sass=("sm_75", "sm_90"),
        ptx=("compute_90",),
        kind="measured",
        evidence=f"{name}: libcudnn_cnn.so.9",
        checked="2026-11-20",
    )


@runs_ptxas
def test_a_new_compiler_says_what_its_cuda_accepts(index: Loopback) -> None:
    name = nvcc(index, "13.9.33")
    requires = ['nvidia-cuda-nvcc==13.9.33.*; extra == "nvcc"']
    whole = wheels.wheel("cuda-toolkit", "13.9.0", {}, requires)
    index.add("cuda-toolkit", "cuda_toolkit-13.9.0-py2.py3-none-any.whl", whole)
    index.add("cuda-toolkit", "cuda_toolkit-13.9.1-py2.py3-none-any.whl", b"", yanked=True)
    index.add("cuda-toolkit", "cuda_toolkit-13.9.0.tar.gz", b"")
    index.add("cuda-toolkit", "cuda.whl", b"")

    found = asked("nvidia-cuda-nvcc")

    assert found.troubles == ()
    (library,) = rows(found, sheets.LIBRARIES)
    assert (library.cuda, library.sass) == ("13.9", ("sm_75", "sm_90", "sm_90a", "sm_100f"))
    (cuda,) = rows(found, sheets.CUDA)
    thirteen = next(row for row in CATALOG.cuda if row.version == "13.0")
    assert isinstance(cuda, Cuda)
    assert (cuda.version, cuda.driver_floor) == ("13.9", thirteen.driver_floor)
    assert cuda.architectures == ("sm_75", "sm_90", "sm_90a", "sm_100f")
    assert cuda.toolkits == ("13.9.0",)
    (toolkit,) = rows(found, sheets.TOOLKITS)
    assert toolkit.version == "13.9.0"
    assert toolkit.components == {"nvidia-cuda-nvcc": "13.9.33"}
    assert toolkit.compiler
    assert cuda.evidence.endswith(f"; bundled driver not known; architectures: ptxas of {name}")


@runs_ptxas
def test_a_compiler_of_a_new_major_release_gives_a_library_and_no_cuda(index: Loopback) -> None:
    nvcc(index, "99.1.33")

    found = asked("nvidia-cuda-nvcc")

    assert [row.version for row in rows(found, sheets.LIBRARIES)] == ["99.1.33"]
    assert rows(found, sheets.CUDA) == []
    assert [(item.subject, item.reference) for item in found.troubles] == [
        ("CUDA 99.1", "unknown-floor"),
        ("cuda-toolkit", "not-on-index"),
    ]


@runs_ptxas
@pytest.mark.parametrize("ptxas", ["#!/bin/sh\nexit 3\n", "no program", ""])
def test_an_assembler_that_says_nothing_is_reported_and_no_row(index: Loopback, ptxas: str) -> None:
    name = nvcc(index, "13.9.33", ptxas)

    found = asked("nvidia-cuda-nvcc")

    assert rows(found, sheets.LIBRARIES) == []
    (trouble,) = [item for item in found.troubles if item.subject == name]
    assert trouble.reference in {"layout-changed", "program-not-runnable"}


def test_a_tool_moves_within_its_range_with_the_hashes_of_its_manylinux_wheels(
    index: Loopback,
) -> None:
    names = [
        "uv-0.13.99-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "uv-0.13.99-py3-none-manylinux_2_28_aarch64.whl",
    ]
    taken = [index.add("uv", name, name.encode()).sha256 for name in names]
    index.add("uv", "uv-0.13.99-py3-none-win_amd64.whl", b"windows")
    index.add("uv", "uv-0.13.99-py3-none-musllinux_1_2_aarch64.whl", b"another libc")
    index.add("uv", "uv-0.13.100-py3-none-manylinux_2_17_x86_64.whl", b"bad", yanked=True)
    index.add("uv", "uv-what-py3-none-manylinux_2_17_x86_64.whl", b"no version")
    index.add("uv", "uv.whl", b"no wheel")
    index.add("uv", "uv-0.14.0-py3-none-manylinux_2_17_x86_64.whl", b"beyond the range")

    found = asked("tools")

    (made,) = rows(found, sheets.TOOLS)
    (was,) = CATALOG.tools
    assert isinstance(made, Tool)
    assert made == msgspec.structs.replace(
        was,
        version="0.13.99",
        hashes=tuple(sorted(f"sha256:{digest}" for digest in taken)),
        evidence="package index: hashes of the manylinux wheels of uv 0.13.99",
        checked="2026-11-20",
    )
    assert [item.change for item in found.news] == ["changed"]


def test_a_tool_that_the_index_lacks_is_an_error_alone_and_a_trouble_beside_others(
    index: Loopback,
) -> None:
    index.add("jaxlib", "jaxlib-0.1.tar.gz", b"")

    with pytest.raises(OutsideError) as caught:
        asked("tools")
    beside = asked("tools", "jaxlib")

    assert caught.value.reference == "not-on-index"
    assert beside.troubles == (
        Trouble("tools", "not-on-index", "The package index has no project called uv."),
    )
