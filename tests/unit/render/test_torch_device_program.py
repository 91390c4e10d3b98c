"""The program that proves torch on the GPUs of AMD, Intel and Apple, against a made-up torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[3] / "templates/shell/verify/torch_device.py.j2"
TORCH = """
import os

__version__ = "2.11.0+rocm7.2"
TARGETS = {targets}
WRONG = {wrong!r}


class Tensor:
    def __init__(self, device="cpu"):
        self.device = device

    def to(self, device):
        return Tensor(device)

    def __matmul__(self, other):
        return self

    def sum(self):
        return 0 if self.device == WRONG else 256**3


def ones(*size):
    return Tensor()


class version:
    hip = {hip!r}


class Properties:
    def __init__(self, target):
        self.gcnArchName = target + ":sramecc+:xnack-"


class cuda:
    @staticmethod
    def device_count():
        return 0 if "HIP_VISIBLE_DEVICES" in os.environ else len(TARGETS)

    @staticmethod
    def get_device_name(index):
        return "Radeon"

    @staticmethod
    def get_device_properties(index):
        fake = "HSA_OVERRIDE_GFX_VERSION" in os.environ
        return Properties("gfx1100" if fake else TARGETS[index])

    @staticmethod
    def get_arch_list():
        return {archs}


class xpu:
    @staticmethod
    def device_count():
        return {xpus}

    @staticmethod
    def get_device_name(index):
        return "Arc"


class backends:
    class mps:
        @staticmethod
        def is_available():
            return {mps}
"""
RIGHT = {
    "targets": ["gfx1100", "gfx1036"],
    "wrong": None,
    "hip": "7.2.1",
    "archs": ["gfx1030", "gfx1100"],
    "xpus": 1,
    "mps": True,
}


def prove(tmp_path: Path, *arguments: str, **changed: object) -> tuple[int, str]:
    (tmp_path / "torch.py").write_text(TORCH.format(**{**RIGHT, **changed}))
    done = subprocess.run(
        [sys.executable, "-", *arguments],
        input=PROGRAM.read_text(),
        env={
            "PYTHONPATH": str(tmp_path),
            "HIP_VISIBLE_DEVICES": "",
            "HSA_OVERRIDE_GFX_VERSION": "11.0.0",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_planned_gpu_computes_and_the_processors_own_graphics_are_passed_by(
    tmp_path: Path,
) -> None:
    code, said = prove(tmp_path, "2.11.0", "rocm", "gfx1100")

    assert code == 0, said
    assert "computes on GPU 0, Radeon (gfx1100)" in said
    assert "GPU 1, Radeon (gfx1036) has no part in the plan" in said


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"hip": None}, "a build without ROCm", id="cpu-or-cuda-build"),
        pytest.param({"targets": []}, "torch does not see gfx1100", id="no-gpu"),
        # What shells are told to pass a GPU off as another one is dropped first.
        pytest.param({"targets": ["gfx1101"]}, "torch does not see gfx1100", id="another-gpu"),
        pytest.param({"archs": ["gfx1030"]}, "holds no code for GPU 0", id="no-code"),
        pytest.param({"wrong": "cuda:0"}, "computes wrongly on GPU 0", id="wrong-answer"),
    ],
)
def test_rocm_fails_when_the_planned_gpu_is_not_really_used(
    tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    code, text = prove(tmp_path, "2.11.0", "rocm", "gfx1100", **changed)

    assert code == 1
    assert said in text


def test_two_gpus_of_one_target_have_to_be_seen_twice(tmp_path: Path) -> None:
    code, text = prove(tmp_path, "2.11.0", "rocm", "gfx1100", "gfx1100")

    assert code == 1
    assert "torch does not see gfx1100:" in text


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        pytest.param({}, 0, "computes on GPU 0, Arc", id="right"),
        pytest.param({"xpus": 0}, 1, "torch sees 0 of 1 GPUs", id="no-driver"),
        pytest.param({"wrong": "xpu:0"}, 1, "computes wrongly on GPU 0, Arc", id="wrong-answer"),
    ],
)
def test_xpu(tmp_path: Path, changed: dict[str, object], code: int, said: str) -> None:
    found, text = prove(tmp_path, "2.11.0", "xpu", "Alchemist", **changed)

    assert found == code, text
    assert said in text


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        pytest.param({}, 0, "computes on Apple's GPU", id="right"),
        pytest.param({"mps": False}, 1, "torch does not see Apple's GPU", id="not-there"),
        pytest.param({"wrong": "mps"}, 1, "computes wrongly on Apple's GPU", id="wrong-answer"),
    ],
)
def test_mps(tmp_path: Path, changed: dict[str, object], code: int, said: str) -> None:
    found, text = prove(tmp_path, "2.11.0", "mps", **changed)

    assert found == code, text
    assert said in text


def test_another_version_fails(tmp_path: Path) -> None:
    code, text = prove(tmp_path, "2.15.0", "mps")

    assert code == 1
    assert "torch is 2.11.0+rocm7.2; 2.15.0 was planned" in text
