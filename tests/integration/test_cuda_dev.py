"""cuda-dev for real: NVIDIA's nvcc from the index makes programs for GPUs that are not here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.integration.conftest import MakeRoot
from tests.integration.roots import Root
from tests.table.factsheet import rows

pytestmark = pytest.mark.network

CHECKOUT = Path(__file__).resolve().parents[2]
GPUS = ("sm_75", "sm_89", "sm_120")
SAMPLE = """
#include <cstdio>
__global__ void add(float *sum, float more) { sum[threadIdx.x] += more; }
int main() {
  int devices = 0;
  cudaGetDeviceCount(&devices);
  std::printf("%d GPUs\\n", devices);
}
"""
PROJECT = """cmake_minimum_required(VERSION 3.23)
project(sample LANGUAGES CXX CUDA)
find_package(CUDAToolkit REQUIRED)
add_executable(sample sample.cu)
target_link_libraries(sample PRIVATE CUDA::cudart)
"""


class Made(NamedTuple):
    """An environment that up made, and what is beside it."""

    home: Path
    path: Path

    def run(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a program in it, as ``dlsetup env run`` does."""
        return dlsetup(self.home, "env", "run", "cuda", "--", *words, cwd=cwd)


def dlsetup(home: Path, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "DLSETUP_HOME": str(home), "PYTHONPATH": str(CHECKOUT)}
    argv = [sys.executable, "-m", "provisioner", *words]
    return subprocess.run(argv, env=env, cwd=cwd, check=False, capture_output=True, text=True)


def cuobjdump() -> str:
    """The version of the tool that belongs to the newest toolkit of the facts."""
    named = [row for row in rows("02_cuda_toolkit_components.csv") if "rc" not in row["pin"]]
    nvcc = [row["pin"] for row in named if row["component_wheel"] == "nvidia-cuda-nvcc"]
    return nvcc[-1].removesuffix(".*")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    home = tmp_path_factory.mktemp("cuda-dev")
    tool = f"nvidia-cuda-cuobjdump{cuobjdump()}"
    done = dlsetup(home, "up", "cuda", "cuda-dev", tool, "--gpu", "none", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return Made(home, Path(json.loads(done.stdout)["data"]["environment"]["path"]))


def targets_in(made: Made, program: Path) -> set[str]:
    """For which GPUs a program has machine code, as NVIDIA's own tool lists it."""
    listed = made.run("cuobjdump", "--list-elf", str(program))
    assert listed.returncode == 0, listed.stderr
    return set(re.findall(r"\.(sm_\d+)\.cubin", listed.stdout))


def test_nvcc_works_at_once_and_makes_code_for_gpus_that_are_not_here(
    made: Made, tmp_path: Path
) -> None:
    (tmp_path / "sample.cu").write_text(SAMPLE)
    numbers = [gpu.removeprefix("sm_") for gpu in GPUS]
    code = [f"-gencode=arch=compute_{number},code=sm_{number}" for number in numbers]
    for runtime in ("static", "shared"):
        program = tmp_path / runtime
        words = ("nvcc", *code, "-cudart", runtime, "sample.cu", "-o", str(program))
        done = made.run(*words, cwd=tmp_path)

        assert done.returncode == 0, done.stdout + done.stderr
        assert targets_in(made, program) == set(GPUS)
    assert made.run(str(tmp_path / "static")).stdout.endswith("GPUs\n")


def test_verify_compiles_again_and_finds_what_is_gone(made: Made) -> None:
    done = dlsetup(made.home, "verify", "cuda", "--json")
    checks = {item["name"]: item for item in json.loads(done.stdout)["data"]["checks"]}
    assert done.returncode == 0, checks
    assert checks["compiles nvcc"]["detail"].endswith("every major architecture")

    (made.path / "cuda/nvvm/bin/cicc").rename(made.path / "cicc")
    done = dlsetup(made.home, "verify", "cuda", "--json")
    (made.path / "cicc").rename(made.path / "cuda/nvvm/bin/cicc")
    checks = {item["name"]: item for item in json.loads(done.stdout)["data"]["checks"]}
    assert done.returncode == 1
    assert checks["compiles nvcc"]["result"] == "fail"


def test_cmake_builds_through_the_rendered_presets(made: Made, tmp_path: Path) -> None:
    gpus = [word for gpu in GPUS for word in ("--gpu", gpu)]
    rendered = dlsetup(
        made.home, "render", "cmake", "cuda-dev", *gpus, "--os", "debian-12", "-o", f"{tmp_path}/"
    )
    assert rendered.returncode == 0, rendered.stderr
    (tmp_path / "CMakeLists.txt").write_text(PROJECT)
    (tmp_path / "sample.cu").write_text(SAMPLE)
    bin_ = _tools(tmp_path / "tools")

    listed = made.run(f"{bin_}/cmake", "--list-presets", cwd=tmp_path)
    assert re.search(r'"cuda" - CUDA 13\.\d for sm_75, sm_89, sm_120\n', listed.stdout), (
        listed.stderr
    )
    for words in (("--preset", "cuda", "-G", "Ninja"), ("--build", "--preset", "cuda")):
        # CMake finds Ninja beside itself only where that is on PATH.
        path = f'PATH="$PATH:{bin_}" exec {bin_}/cmake "$@"'
        done = made.run("sh", "-c", path, "cmake", *words, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
    assert targets_in(made, tmp_path / "build/cuda/sample") == set(GPUS)


def _tools(folder: Path) -> Path:
    """CMake and Ninja from the index, in an environment of their own."""
    from uv import find_uv_bin

    python = folder / "bin/python"
    for words in (
        ("venv", str(folder), "--python", sys.executable),
        ("pip", "install", "--python", str(python), "cmake", "ninja"),
    ):
        subprocess.run([find_uv_bin(), "--quiet", *words], check=True)
    return python.parent


@pytest.mark.root
def test_the_script_brings_the_older_gcc_and_proves_nvcc_in_a_clean_debian(
    new_root: MakeRoot, script: object
) -> None:
    """The plan lets gcc 11 pass and no newer one, and Debian's own is 12."""
    root: Root = new_root()
    assert callable(script)
    root.put("/root/install.sh", script("cuda-dev-debian-12"))
    done = root.run("bash", "/root/install.sh")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "nvcc 13.4.92 with g++-11 makes programs for every major architecture" in done.stdout
    read = re.search(r"^for nvcc, CMake and editors: (\. \S+)$", done.stdout, re.MULTILINE)
    assert read is not None
    root.put("/root/sample.cu", SAMPLE)
    used = root.run("bash", "-c", f"{read[1]}; cd /root; nvcc -arch=sm_89 sample.cu && ./a.out")
    assert used.stdout == "0 GPUs\n", used.stderr
    before = root.manifest()
    again = root.run("bash", "/root/install.sh", network=False)
    assert again.returncode == 0, again.stdout + again.stderr
    assert root.manifest() == before
