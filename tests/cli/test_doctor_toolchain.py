"""nvcc and its host compiler as they stand on real machines: wrapped, and named by variables."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.sickbed import Sickbed


@pytest.fixture
def bed(tmp_path: Path) -> Sickbed:
    return Sickbed(tmp_path)


def _wrapped(bed: Sickbed, toolkit: Path) -> None:
    """An nvcc on PATH that is a script, as Debian's is."""
    wrapper = bed.program("bin/nvcc", "")
    wrapper.write_text(f'#!/bin/sh\nexec {toolkit}/bin/nvcc "$@"\n', encoding="utf-8")


def test_a_script_that_starts_the_nvcc_of_cuda_home_is_no_second_toolkit(bed: Sickbed) -> None:
    home = bed.toolkit("cuda-12.8", "12.8.1")
    bed.settings["CUDA_HOME"] = str(home)
    _wrapped(bed, home)

    assert bed.found() == {}


def test_a_script_that_starts_another_nvcc_than_cuda_homes_is_told_by_its_release(
    bed: Sickbed,
) -> None:
    bed.settings["CUDA_HOME"] = str(bed.toolkit("cuda-12.8", "12.8.1"))
    _wrapped(bed, bed.toolkit("cuda-12.1", "12.1.1"))

    (finding,) = bed.run("--json").data["findings"]

    assert finding["reference"] == "cuda-mismatch-ext-build"
    assert "nvcc on PATH is of CUDA 12.1" in finding["evidence"][0]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NVCC_PREPEND_FLAGS", "-ccbin g++-13"),
        ("NVCC_APPEND_FLAGS", "--compiler-bindir={place}/bin/g++-13"),
        ("NVCC_CCBIN", "g++-13"),
        ("CUDAHOSTCXX", "g++-13"),
    ],
)
def test_the_compiler_that_is_named_for_nvcc_counts_and_not_the_usual_one(
    bed: Sickbed, variable: str, value: str
) -> None:
    bed.settings["CUDA_HOME"] = str(bed.toolkit("cuda-12.4", "12.4.1"))
    bed.settings["DLSETUP_OVERRIDE_TOOLS"] = '{"gcc": "16.1.0"}'
    bed.settings["PATH"] = os.pathsep.join((f"{bed.place}/bin", "/usr/bin", "/bin"))
    assert bed.found() == {"host-compiler": "warning"}

    bed.program("bin/g++-13", "13.3.0")
    bed.settings[variable] = value.format(place=bed.place)
    assert bed.found() == {}

    bed.program("bin/g++-13", "16.1.0\n")
    assert bed.found() == {"host-compiler": "warning"}


@pytest.mark.parametrize(
    "name", ["libcudart.so.11.0", "libcudnn_ops_infer.so.8", "libcurand.so.10"]
)
def test_every_name_that_cudas_libraries_bear_is_seen_in_front(bed: Sickbed, name: str) -> None:
    bed.settings["LD_LIBRARY_PATH"] = str(bed.program(f"old/{name}", "").parent)

    assert bed.found() == {"ld-library-path": "warning"}
