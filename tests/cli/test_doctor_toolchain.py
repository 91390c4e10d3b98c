"""nvcc and its host compiler as they stand on real machines: wrapped, and named by variables."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.sickbed import Sickbed
from tests.unit.doctor.live.test_extensions import CHECK, library

TORCH = {"torch/__init__.py": "", "torch/version.py": "cuda='12.6'"}


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
    bed.environment()
    bed.put("torch", "2.9.1")
    bed.settings["LD_LIBRARY_PATH"] = str(bed.program(f"old/{name}", "").parent)

    assert bed.found() == {"ld-library-path": "warning"}


def test_a_toolkit_that_nothing_is_built_with_is_worth_a_note_and_no_more(bed: Sickbed) -> None:
    home = bed.toolkit("cuda-12.4", "12.4.1")
    bed.settings["DLSETUP_OVERRIDE_TOOLS"] = '{"gcc": "16.1.0"}'
    bed.settings["PATH"] = os.pathsep.join((f"{home}/bin", bed.settings["PATH"]))
    assert bed.found() == {"host-compiler": "note"}

    bed.settings["NVCC_APPEND_FLAGS"] = "-O3"
    assert bed.found() == {"host-compiler": "warning"}
    assert bed.run("--quiet").code == 0


def test_an_nvcc_of_another_cuda_than_torchs_is_a_note_until_something_is_built(
    bed: Sickbed,
) -> None:
    bed.environment()
    bed.put("torch", "2.9.1", members=TORCH)
    home = bed.toolkit("cuda-13.0", "13.0.2")
    bed.settings["PATH"] = os.pathsep.join((f"{home}/bin", bed.settings["PATH"]))
    assert bed.found() == {"cuda-mismatch-ext-build": "note"}

    bed.settings["CUDA_PATH"] = str(home)
    assert bed.found() == {"cuda-mismatch-ext-build": "warning"}

    bed.settings["CUDA_PATH"] = ""
    bed.put("flash-attn", "2.5", ["torch"], {"flash_attn_cuda.so": ""})
    library(bed.site / "torch/lib/libc10.so")
    library(bed.site / "flash_attn_cuda.so", wants=[CHECK])
    assert bed.found()["cuda-mismatch-ext-build"] == "warning"


def test_no_fix_names_a_toolkit_that_is_not_there_without_the_step_that_makes_it(
    bed: Sickbed,
) -> None:
    bed.environment()
    bed.put("torch", "2.9.1", members=TORCH)
    bed.settings["CUDA_HOME"] = str(bed.toolkit("cuda-13.0", "13.0.2"))
    (finding,) = bed.run("--json").data["findings"]

    named = [text for text in finding["fix"] if "/usr/local/cuda" in text]
    assert named
    assert all("sudo apt install cuda-toolkit-12-6 && export CUDA_HOME=" in one for one in named)


def test_where_cuda_home_is_gone_the_toolkit_that_is_there_is_named(bed: Sickbed) -> None:
    bed.environment()
    bed.put("torch", "2.9.1", members=TORCH)
    bed.settings["CUDA_HOME"] = str(bed.place / "gone")
    here = bed.toolkit("cuda-12.6", "12.6.3")
    bed.settings["PATH"] = os.pathsep.join((f"{here}/bin", bed.settings["PATH"]))

    (finding,) = bed.run("--json").data["findings"]

    assert (finding["reference"], finding["severity"]) == ("nvcc-missing", "warning")
    assert f"export CUDA_HOME={here} PATH={here}/bin:" in finding["fix"][0]
    assert finding["fix"][1].endswith("unset CUDA_HOME CUDA_PATH")
    assert "/usr/local/cuda" not in " ".join(finding["fix"])

    bed.settings.update(CUDA_HOME="", CUDA_PATH=str(bed.place / "gone"))
    assert "which CUDA_PATH names" in bed.run("--json").data["findings"][0]["evidence"][0]


def test_a_compiler_that_is_named_for_nvcc_counts_beside_another_finding_too(bed: Sickbed) -> None:
    bed.settings["CUDA_HOME"] = str(bed.toolkit("cuda-12.4", "12.4.1"))
    bed.settings["DLSETUP_OVERRIDE_TOOLS"] = '{"gcc": "16.1.0"}'
    bed.settings["NVCC_CCBIN"] = str(bed.program("bin/g++-13", "13.3.0"))
    bed.settings["CUDA_VISIBLE_DEVICES"] = "-1"

    assert bed.found() == {"mig-visible-devices": "warning"}
