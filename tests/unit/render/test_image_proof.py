"""The program that proves an image, run against frameworks that are made up here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from provisioner.plan import Plan
from provisioner.render import proof
from tests.golden import plans

OLD = {
    version: Path.home() / f".pyenv/versions/{version}/bin/python"
    for version in ("3.6.15", "3.7.16")
}
PYTHONS = {"3.12": sys.executable, **{key: str(path) for key, path in OLD.items() if path.exists()}}

TORCH = """
__version__ = "{version}"
class Tensor:
    def numpy(self):
        return self
    def to(self, device):
        return self
    def __matmul__(self, other):
        return self
    def sum(self):
        return {answer}
def ones(*size, device="cpu"):
    return Tensor()
class version:
    cuda = {cuda!r}
    hip = {hip!r}
class cuda:
    @staticmethod
    def device_count():
        return {gpus}
    @staticmethod
    def get_device_name(index):
        return "a card"
    @staticmethod
    def get_arch_list():
        return ["gfx1100"]
    @staticmethod
    def get_device_properties(index):
        class properties:
            gcnArchName = "gfx1100:sramecc+"
        return properties
"""
TENSORFLOW = """
__version__ = "{version}"
class Tensor(float):
    device = "/job:localhost/replica:0/task:0/device:GPU:0"
    def numpy(self):
        return self
    def sum(self):
        return float(self)
class device:
    def __init__(self, name):
        pass
    def __enter__(self):
        return self
    def __exit__(self, *problem):
        return None
def ones(size):
    return Tensor({answer})
def matmul(left, right):
    return left
def reduce_sum(tensor):
    return tensor
class Session:
    def __enter__(self):
        return self
    def __exit__(self, *problem):
        return None
    def run(self, asked):
        return asked
class config:
    @staticmethod
    def list_physical_devices(kind):
        return [kind] * {gpus}
class test:
    @staticmethod
    def is_built_with_cuda():
        return {built}
"""
CU126 = {"version": "2.14.1+cu126", "cuda": "12.6", "hip": None, "gpus": 1, "answer": 256**3}
ROCM = {"version": "2.11.0+rocm7.2", "cuda": None, "hip": "7.2", "gpus": 1, "answer": 256**3}
GPU = {"version": "1.15.5", "built": True, "gpus": 1, "answer": 256**3}


def run(
    plan: Plan, place: Path, *words: str, python: str = sys.executable, **modules: str
) -> tuple[int, str]:
    """Exit code and words of the plan's program beside made-up modules and their metadata."""
    for name, text in modules.items():
        (place / f"{name}.py").write_text(text)
    program = place / "verify_this.py"
    program.write_text("\n".join(proof.in_image(plan)) + "\n")
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
        package, _, version = name.rpartition("-")
        told = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
        (place / f"{name}.dist-info/METADATA").write_text(told)


@pytest.mark.parametrize("version", PYTHONS)
def test_what_is_as_planned_passes_on_old_pythons_too(tmp_path: Path, version: str) -> None:
    installed(tmp_path, "torch-2.14.1+cu126", "torchvision-0.29.1+cu126")
    code, said = run(
        msgspec.structs.replace(plans.torch_keep(), python=version),
        tmp_path,
        "gpu",
        python=PYTHONS[version],
        torch=TORCH.format(**CU126),
        torchvision="",
    )

    assert (code, said.splitlines()) == (
        0,
        [
            "  torch 2.14.1+cu126",
            "  torchvision 0.29.1+cu126",
            "  import torchvision: fine",
            "  import torch: 2.14.1",
            "  torch 2.14.1+cu126 computes on a card, 0",
        ],
    )


@pytest.mark.parametrize(
    ("metadata", "torch", "torchvision", "wrong"),
    [
        pytest.param(
            ("torch-2.14.1+cu126",),
            CU126,
            "",
            "No package metadata was found for torchvision",
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
            "torch is built for CUDA None; 12.6 was planned",
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
            {**CU126, "gpus": 0},
            "",
            "torch sees 0 of 1 GPUs: it would silently use the CPU",
            id="no-gpu",
        ),
        pytest.param(
            ("torch-2.14.1+cu126", "torchvision-0.29.1+cu126"),
            {**CU126, "answer": 7},
            "",
            "torch computes wrongly on GPU 0",
            id="wrong-answer",
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

    assert (code, said.splitlines()[-1].partition("Error: ")[2]) == (1, wrong)


def test_without_the_word_no_gpu_is_needed(tmp_path: Path) -> None:
    installed(tmp_path, "torch-2.14.1+cu126", "torchvision-0.29.1+cu126")
    made = {"torch": TORCH.format(**{**CU126, "gpus": 0}), "torchvision": ""}

    assert run(plans.torch_keep(), tmp_path, **made)[0] == 0


def test_torch_for_amd_must_be_a_build_for_rocm(tmp_path: Path) -> None:
    installed(tmp_path, "torch-2.11.0+rocm7.2", "torchvision-0.26.0+rocm7.2")
    for hip, expected in (("7.2", 0), (None, 1)):
        torch = TORCH.format(**{**ROCM, "hip": hip})

        assert run(plans.rocm(), tmp_path, torch=torch, torchvision="")[0] == expected
    for answer, expected in ((256**3, 0), (7, 1)):
        torch = TORCH.format(**{**ROCM, "answer": answer})

        assert run(plans.rocm(), tmp_path, "gpu", torch=torch, torchvision="")[0] == expected


def test_what_is_for_the_cpu_computes_there_when_the_image_is_built(tmp_path: Path) -> None:
    right = {"version": "1.15.5", "built": False, "gpus": 0}
    installed(tmp_path, "tensorflow-1.15.5")
    for answer, expected in ((256**3, 0), (7, 1)):
        module = TENSORFLOW.format(**right, answer=answer)

        assert run(plans.tf1_cpu(), tmp_path, tensorflow=module)[0] == expected


NVCC = """#!/bin/sh
case $1 in
  --version) echo "release 13.4, V13.4.92" ;;
  *) printf '#!/bin/sh\\necho %s\\n' "$SEEN" >"$3"; chmod 755 "$3" ;;
esac
"""


@pytest.mark.parametrize(
    ("seen", "words", "expected"), [("0", (), 0), ("0", ("gpu",), 1), ("2", ("gpu",), 0)]
)
def test_what_nvcc_makes_must_reach_a_gpu_where_one_is_asked_for(
    tmp_path: Path, seen: str, words: tuple[str, ...], expected: int
) -> None:
    """nvcc is made up: what it makes says how many GPUs it reaches."""
    names = [pin.requirement for pin in plans.cuda_dev().pins]
    for name in names:
        package, _, version = str(name).partition("[")[0].partition("==")
        version = version or str(name).partition("==")[2]
        installed(tmp_path, f"{package.replace('-', '_')}-{version}")
    nvcc = tmp_path / "cuda/bin/nvcc"
    nvcc.parent.mkdir(parents=True)
    nvcc.write_text(NVCC.replace("$SEEN", seen))
    nvcc.chmod(0o755)
    lines = proof.in_image(plans.cuda_dev(), "g++-11")
    program = "\n".join(("import sys", f"sys.prefix = {str(tmp_path)!r}", *lines))
    (tmp_path / "verify_this.py").write_text(program)
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, str(tmp_path / "verify_this.py"), *words]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    assert done.returncode == expected, done.stdout + done.stderr
    assert ("reaches fewer than 1 GPUs" in done.stderr) is bool(expected)
    if not expected:
        assert "  nvcc 13.4.92 with g++-11 makes programs for" in done.stdout
        assert (f", and they compute on {seen} GPUs\n" in done.stdout) is (seen != "0")


def test_a_framework_of_an_image_is_held_against_its_version_and_its_gpus(tmp_path: Path) -> None:
    for changed, expected in (
        ({}, 0),
        ({"version": "1.15.4"}, 1),
        ({"built": False}, 1),
        ({"gpus": 0}, 1),
        ({"answer": 7}, 1),
    ):
        module = TENSORFLOW.format(**{**GPU, **changed})

        assert run(plans.tf1_image(), tmp_path, "gpu", tensorflow=module)[0] == expected


def test_a_module_that_loads_only_beside_a_driver_is_left_to_that_moment(tmp_path: Path) -> None:
    module = "raise ImportError('libcuda.so.1: cannot open shared object file')"
    code, said = run(plans.tf1_image(), tmp_path, tensorflow=module)

    assert (code, said) == (0, "  tensorflow loads only beside a driver\n")
    assert run(plans.tf1_image(), tmp_path, "gpu", tensorflow=module)[0] == 1
    other = module.replace("libcuda.so.1", "libcublas.so.10.0")
    assert run(plans.tf1_image(), tmp_path, tensorflow=other)[0] == 1
