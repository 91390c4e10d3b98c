"""The programs that prove an environment, run against frameworks that are made up here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parents[3] / "templates/shell/verify"

TORCH = """
__version__ = "2.14.1+cu126"


class Tensor:
    def __init__(self, device="cpu"):
        self.device = device

    def to(self, device):
        return Tensor(device)

    def __matmul__(self, other):
        return self

    def sum(self):
        return {answer}


def ones(*size):
    return Tensor()


class version:
    cuda = {cuda!r}


class cuda:
    @staticmethod
    def device_count():
        return {gpus}

    @staticmethod
    def get_device_name(index):
        return f"GPU {{index}}"

    @staticmethod
    def get_device_capability(index):
        return {capability}

    @staticmethod
    def get_arch_list():
        return {archs}
"""
RIGHT = {
    "answer": 256**3,
    "cuda": "12.6",
    "gpus": 2,
    "capability": (8, 6),
    "archs": ["sm_80", "sm_90"],
}

TENSORFLOW = """
__version__ = "2.21.0"


class Array:
    @staticmethod
    def sum():
        return {in_numpy}


class Tensor:
    device = "/job:localhost/replica:0/task:0/device:{device}"

    @staticmethod
    def numpy():
        return Array


class Device:
    def __init__(self, name):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        return None


device = Device


def executing_eagerly():
    return True


def ones(size):
    return Tensor()


def reduce_sum(tensor):
    return 256**3


def matmul(left, right):
    return Tensor()


class test:
    @staticmethod
    def is_built_with_cuda():
        return {built}


class config:
    @staticmethod
    def list_physical_devices(kind):
        return [kind] * {gpus}
"""

TENSORFLOW_RIGHT = {"device": "GPU:0", "built": True, "gpus": 1, "in_numpy": 256**3}


def prove(tmp_path: Path, framework: str, source: str, *arguments: str) -> tuple[int, str]:
    (tmp_path / f"{framework}.py").write_text(source)
    program = (PROGRAMS / f"{framework}.py.j2").read_text()
    done = subprocess.run(
        [sys.executable, "-", *arguments],
        input=program,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_torch_on_every_gpu_passes(tmp_path: Path) -> None:
    code, said = prove(tmp_path, "torch", TORCH.format(**RIGHT), "2.14.1", "cuda", "2", "12.6")

    assert code == 0, said
    assert "computes on GPU 0" in said
    assert "computes on GPU 1" in said


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param({"gpus": 1}, "torch sees 1 of 2 GPUs", id="a-gpu-is-not-seen"),
        pytest.param({"gpus": 0}, "torch sees 0 of 2 GPUs", id="silently-cpu"),
        pytest.param({"cuda": None}, "a build for the CPU", id="cpu-build"),
        pytest.param({"cuda": "13.0"}, "built for CUDA 13.0; 12.6", id="another-cuda"),
        pytest.param({"answer": 0}, "computes wrongly on GPU 0", id="wrong-answer"),
        pytest.param({"archs": ["sm_90"]}, "holds no code for GPU 0", id="only-newer-code"),
        pytest.param({"archs": ["sm_80a"]}, "holds no code for GPU 0", id="bound-to-its-part"),
        pytest.param({"archs": ["sm_75"]}, "holds no code for GPU 0", id="another-major"),
    ],
)
def test_torch_fails_when_a_gpu_is_not_really_used(
    tmp_path: Path, wrong: dict[str, object], said: str
) -> None:
    source = TORCH.format(**{**RIGHT, **wrong})
    code, text = prove(tmp_path, "torch", source, "2.14.1", "cuda", "2", "12.6")

    assert code == 1
    assert said in text


@pytest.mark.parametrize("archs", [["sm_86"], ["compute_75"], ["sm_70", "compute_80"]])
def test_torch_serves_a_gpu_by_its_own_code_or_by_older_ptx(
    tmp_path: Path, archs: list[str]
) -> None:
    source = TORCH.format(**{**RIGHT, "archs": archs})
    code, text = prove(tmp_path, "torch", source, "2.14.1", "cuda", "2", "12.6")

    assert code == 0, text


def test_torch_in_another_version_fails_on_the_cpu_too(tmp_path: Path) -> None:
    code, text = prove(tmp_path, "torch", TORCH.format(**RIGHT), "2.15.0", "cpu")

    assert code == 1
    assert "torch is 2.14.1+cu126; 2.15.0 was planned" in text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param({"gpus": 0}, "sees 0 of 1 GPUs: it would silently", id="not-seen"),
        pytest.param({"device": "CPU:0"}, "computes wrongly on GPU 0", id="falls-back"),
        pytest.param({"built": False}, "a build for the CPU", id="cpu-build"),
        pytest.param({"in_numpy": 7}, "computes wrongly on GPU 0", id="numpy-reads-another-number"),
    ],
)
def test_tensorflow_fails_unless_every_gpu_computes(
    tmp_path: Path, wrong: dict[str, object], said: str
) -> None:
    source = TENSORFLOW.format(**{**TENSORFLOW_RIGHT, **wrong})
    code, text = prove(tmp_path, "tensorflow", source, "2.21.0", "cuda", "1", "12.5")

    assert code == 1, text
    assert said in text


def test_tensorflow_on_every_gpu_passes(tmp_path: Path) -> None:
    source = TENSORFLOW.format(**TENSORFLOW_RIGHT)
    code, text = prove(tmp_path, "tensorflow", source, "2.21.0", "cuda", "1", "12.5")

    assert code == 0, text
    assert "computes on GPU 0" in text


def test_a_package_in_another_version_or_missing_is_named() -> None:
    program = (PROGRAMS / "versions.py.j2").read_text()

    def said(*pins: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-", *pins], input=program, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stderr

    assert said("pytest==0.1")[0] == 1
    assert "0.1 was planned" in said("pytest==0.1")[1]
    assert said("no-such-package==1.0")[1] == "no-such-package is not installed; 1.0 was planned\n"
    assert said(f"pytest=={pytest.__version__}") == (0, "")
