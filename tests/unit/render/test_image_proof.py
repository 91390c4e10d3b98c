"""The program that proves an image, run against frameworks that are made up here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from provisioner.plan import Plan
from provisioner.render import image_proof
from tests.golden import plans

OLD = [Path.home() / f".pyenv/versions/{version}/bin/python" for version in ("3.6.15", "3.7.16")]
PYTHONS = [sys.executable, *(str(path) for path in OLD if path.exists())]

TORCH = """
__version__ = "{version}"
class version:
    cuda = {cuda!r}
    hip = {hip!r}
class cuda:
    @staticmethod
    def is_available():
        return {gpu}
"""
TENSORFLOW = """
__version__ = "{version}"
class test:
    @staticmethod
    def is_built_with_cuda():
        return {built}
    @staticmethod
    def is_gpu_available():
        return {gpu}
"""
CU126 = {"version": "2.14.1+cu126", "cuda": "12.6", "hip": None, "gpu": True}
ROCM = {"version": "2.11.0+rocm7.2", "cuda": None, "hip": "7.2", "gpu": True}
GPU = {"version": "1.15.5", "built": True, "gpu": True}


def run(
    plan: Plan, place: Path, *words: str, python: str = sys.executable, **modules: str
) -> tuple[int, str]:
    """Exit code and words of the plan's program beside made-up modules and their metadata."""
    for name, text in modules.items():
        (place / f"{name}.py").write_text(text)
    program = place / "verify_this.py"
    program.write_text("\n".join(image_proof.program(plan)) + "\n")
    done = subprocess.run(
        [python, str(program), *words],
        env={**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def installed(place: Path, *names: str) -> None:
    for name in names:
        (place / f"{name}.dist-info").mkdir()


@pytest.mark.parametrize("python", PYTHONS)
def test_what_is_as_planned_passes_on_old_pythons_too(tmp_path: Path, python: str) -> None:
    installed(tmp_path, "torch-2.14.1+cu126", "torchvision-0.29.1+cu126")
    code, said = run(
        plans.torch_keep(),
        tmp_path,
        "gpu",
        python=python,
        torch=TORCH.format(**CU126),
        torchvision="",
    )

    assert (code, said.splitlines()) == (
        0,
        [
            "torch 2.14.1+cu126",
            "torchvision 0.29.1+cu126",
            "import torchvision: fine",
            "import torch: 2.14.1",
            "torch sees a GPU",
        ],
    )


@pytest.mark.parametrize(
    ("metadata", "torch", "torchvision", "wrong"),
    [
        pytest.param(
            ("torch-2.14.1+cu126",),
            CU126,
            "",
            "torchvision is not installed; 0.29.1+cu126 was planned",
            id="missing",
        ),
        pytest.param(
            ("torch-2.14.1+cu130", "torchvision-0.29.1+cu126"),
            CU126,
            "",
            "torch is 2.14.1+cu130; 2.14.1+cu126 was planned",
            id="other-build",
        ),
        pytest.param(
            ("torch-2.14.1+cu126", "torchvision-0.29.1+cu126"),
            {**CU126, "version": "2.13.0"},
            "",
            "torch is 2.13.0; 2.14.1 was planned",
            id="other-module",
        ),
        pytest.param(
            ("torch-2.14.1+cu126", "torchvision-0.29.1+cu126"),
            {**CU126, "cuda": None},
            "",
            "this torch is built for CUDA None; 12.6 was planned",
            id="cpu-build",
        ),
        pytest.param(
            ("torch-2.14.1+cu126", "torchvision-0.29.1+cu126"),
            CU126,
            "import nothing_of_this_name",
            "No module named 'nothing_of_this_name'",
            id="does-not-load",
        ),
        pytest.param(
            ("torch-2.14.1+cu126", "torchvision-0.29.1+cu126"),
            {**CU126, "gpu": False},
            "",
            "torch sees no GPU: it would silently use the CPU",
            id="no-gpu",
        ),
    ],
)
def test_what_is_not_as_planned_is_named(
    tmp_path: Path,
    metadata: tuple[str, ...],
    torch: dict[str, object],
    torchvision: str,
    wrong: str,
) -> None:
    installed(tmp_path, *metadata)
    made = {"torch": TORCH.format(**torch), "torchvision": torchvision}
    code, said = run(plans.torch_keep(), tmp_path, "gpu", **made)

    assert (code, said.splitlines()[-1].removeprefix("ModuleNotFoundError: ")) == (1, wrong)


def test_without_the_word_no_gpu_is_needed(tmp_path: Path) -> None:
    installed(tmp_path, "torch-2.14.1+cu126", "torchvision-0.29.1+cu126")
    made = {"torch": TORCH.format(**{**CU126, "gpu": False}), "torchvision": ""}

    assert run(plans.torch_keep(), tmp_path, **made)[0] == 0


def test_torch_for_amd_must_be_a_build_for_rocm(tmp_path: Path) -> None:
    installed(tmp_path, "torch-2.11.0+rocm7.2", "torchvision-0.26.0+rocm7.2")
    for hip, expected in (("7.2", 0), (None, 1)):
        torch = TORCH.format(**{**ROCM, "hip": hip})

        assert run(plans.rocm(), tmp_path, torch=torch, torchvision="")[0] == expected


def test_a_framework_of_an_image_is_held_against_its_version_and_its_gpus(tmp_path: Path) -> None:
    for changed, expected in (
        ({}, 0),
        ({"version": "1.15.4"}, 1),
        ({"built": False}, 1),
        ({"gpu": False}, 1),
    ):
        module = TENSORFLOW.format(**{**GPU, **changed})

        assert run(plans.tf1_image(), tmp_path, "gpu", tensorflow=module)[0] == expected


def test_a_module_that_loads_only_beside_a_driver_is_left_to_that_moment(tmp_path: Path) -> None:
    module = "raise ImportError('libcuda.so.1: cannot open shared object file')"
    code, said = run(plans.tf1_image(), tmp_path, tensorflow=module)

    assert (code, said) == (0, "tensorflow loads only beside a driver\n")
    assert run(plans.tf1_image(), tmp_path, "gpu", tensorflow=module)[0] == 1
    other = module.replace("libcuda.so.1", "libcublas.so.10.0")
    assert run(plans.tf1_image(), tmp_path, tensorflow=other)[0] == 1
