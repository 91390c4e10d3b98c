"""The presets and editors' settings of a plan with nvcc, as whole texts and as CMake reads them."""

from __future__ import annotations

import json

import msgspec
import pytest

from provisioner.errors import RefusedError
from provisioner.machine import Gpu
from provisioner.plan import Pin, Plan, Serve
from provisioner.render import render
from tests.golden import plans
from tests.golden.made_catalog import catalog
from tests.golden.parts import ADA, TURING

PRESETS = """{
  "version": 3,
  "cmakeMinimumRequired": {
    "major": 3,
    "minor": 23,
    "patch": 0
  },
  "vendor": {
    "dlsetup": {
      "plan": "nvcc 13.4.92, nvidia-cuda-cccl 13.3.4.3.1, nvidia-cuda-runtime 13.4.92, \
nvidia-cuda-crt 13.4.92, nvidia-nvvm 13.4.92",
      "machine": [
        "Debian 12, x86_64",
        "GPU: none"
      ],
      "pins": [
        "nvcc 13.4.92, CUDA 13.4 (measured)",
        "nvidia-cuda-cccl 13.3.4.3.1 (measured)",
        "nvidia-cuda-runtime 13.4.92 (measured)",
        "nvidia-cuda-crt 13.4.92 (measured)",
        "nvidia-nvvm 13.4.92 (measured)",
        "Python 3.11"
      ]
    }
  },
  "configurePresets": [
    {
      "name": "cuda",
      "displayName": "CUDA 13.4 for any GPU",
      "description": "In 'dlsetup env shell NAME', or after '. cuda.sh' of a script's environment.",
      "binaryDir": "${sourceDir}/build/cuda",
      "cacheVariables": {
        "CMAKE_CUDA_COMPILER": "$env{CUDA_HOME}/bin/nvcc",
        "CMAKE_CUDA_HOST_COMPILER": "g++-11",
        "CMAKE_CXX_COMPILER": "g++-11",
        "CMAKE_CUDA_ARCHITECTURES": "all-major",
        "CMAKE_EXPORT_COMPILE_COMMANDS": "ON",
        "CMAKE_CUDA_STANDARD_INCLUDE_DIRECTORIES": "$env{CUDA_HOME}/include/cccl"
      }
    }
  ],
  "buildPresets": [
    {
      "name": "cuda",
      "configurePreset": "cuda"
    }
  ]
}
"""
CLANGD = """---
# Made by dlsetup.
# nvcc 13.4.92, CUDA 13.4 (measured)
# nvidia-cuda-cccl 13.3.4.3.1 (measured)
# nvidia-cuda-runtime 13.4.92 (measured)
# nvidia-cuda-crt 13.4.92 (measured)
# nvidia-nvvm 13.4.92 (measured)
# Python 3.11
# In 'dlsetup env shell NAME', or after '. cuda.sh' of a script's environment.
CompileFlags:
  CompilationDatabase: build/cuda
  Remove:
    - "-forward-unknown-to-host-compiler"
    - "-ccbin*"
    - "--generate-code*"
    - "-arch*"
    - "-Xcompiler*"
    - "-Xcudafe*"
    - "--expt-*"
    - "--options-file*"
    - "-rdc*"
  Add:
    - -Wno-unknown-cuda-version
"""
BLACKWELL = Gpu(name="NVIDIA GeForce RTX 5090", compute_capability="12.0", architecture="Blackwell")


def files(plan: Plan) -> dict[str, str]:
    return {file.path: file.text for file in render((plan,), "cmake", catalog())}


def cache(plan: Plan) -> dict[str, str]:
    found: dict[str, str] = json.loads(files(plan)["CMakePresets.json"])["configurePresets"][0]
    return dict(found["cacheVariables"])  # type: ignore[arg-type]


def on_gpus(*gpus: Gpu) -> Plan:
    """The plan for GPUs, each served by machine code for its own capability."""
    plan = plans.cuda_dev()
    serves = tuple(
        Serve(gpu.name, f"sm_{(gpu.compute_capability or '').replace('.', '')}", "sass")
        for gpu in gpus
    )
    nvcc = msgspec.structs.replace(plan.pins[0], serves=serves)
    where = msgspec.structs.replace(plan.machine, gpus=gpus)
    return msgspec.structs.replace(plan, machine=where, pins=(nvcc, *plan.pins[1:]))


def test_without_a_gpu_code_is_made_for_every_major_architecture() -> None:
    assert files(plans.cuda_dev())["CMakePresets.json"] == PRESETS


def test_clangd_is_spared_what_only_nvcc_understands() -> None:
    assert files(plans.cuda_dev())[".clangd"] == CLANGD


def test_code_is_made_for_each_of_the_gpus_once() -> None:
    plan = on_gpus(TURING, ADA, ADA, BLACKWELL)

    assert cache(plan)["CMAKE_CUDA_ARCHITECTURES"] == "75;89;120"
    assert files(plan)[".clangd"].endswith("    - --cuda-gpu-arch=sm_75\n")


def test_editors_get_comments_with_every_pin_and_then_json() -> None:
    found = files(plans.cuda_dev())
    for path in (".vscode/settings.json", ".vscode/c_cpp_properties.json"):
        lines = found[path].splitlines()
        told = [line for line in lines if line.startswith("//")]

        assert all(
            any(f"{pin.name} {pin.version}" in line for line in told)
            for pin in plans.cuda_dev().pins
        )
        assert json.loads("\n".join(lines[len(told) :]))


def test_a_channels_nvcc_is_looked_for_in_the_conda_environment() -> None:
    plan = plans.cuda_dev()
    pin = Pin(name="nvcc", version="12.9.86", cuda="12.9", channel="conda-forge")
    plan = plans.with_steps(
        msgspec.structs.replace(plan, via="conda", pins=(pin,), host_compiler=None)
    )

    assert cache(plan)["CMAKE_CUDA_COMPILER"] == "$env{CONDA_PREFIX}/bin/nvcc"
    assert cache(plan)["CMAKE_CUDA_HOST_COMPILER"] == "$env{CXX}"
    assert ".clangd" not in files(plan)


def test_a_plan_without_nvcc_is_refused() -> None:
    with pytest.raises(RefusedError) as caught:
        files(plans.cpu())

    assert caught.value.reference == "format-cannot-carry"
    assert caught.value.message == "cmake cannot carry a plan without nvcc, as cuda-dev has it."


def test_nvcc_as_wheels_is_refused_where_nothing_makes_its_links() -> None:
    with pytest.raises(RefusedError) as caught:
        render((plans.cuda_dev(),), "conda", catalog())

    assert caught.value.reference == "format-cannot-carry"
    assert "ask for nvcc --via conda" in caught.value.message


def test_names_of_gpus_stay_text() -> None:
    evil = Gpu(name='x"\n}\u2028`$(id)`', compute_capability="8.9")
    found = files(on_gpus(evil))

    assert json.loads(found["CMakePresets.json"])["version"] == 3
    for path in (".clangd", ".vscode/settings.json"):
        assert all(
            line.startswith(("#", "//")) for line in found[path].splitlines() if "$(id)" in line
        )
