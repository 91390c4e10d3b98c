"""Stand-ins for NVIDIA's libraries, compiled for the purpose: no GPU is asked in these tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from provisioner.bench.gpus import Device
from provisioner.machine import Gpu
from tests.unit.bench.made_torch import SOURCE

TESTS = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a compiled libnvidia-ml.so.1 and a compiled libcuda.so.1."""
    folder = tmp_path_factory.mktemp("driver")
    made = {
        "libnvidia-ml.so.1": sorted((TESTS / "fake_nvml").glob("*.c")),
        "libcuda.so.1": [TESTS / "fake_cuda" / "fake_copies.c"],
    }
    for name, sources in made.items():
        words = ["cc", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", str(folder / name)]
        subprocess.run([*words, *map(str, sources)], check=True)
    return folder


@pytest.fixture
def library(driver: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-ins before everything else that a child process loads; one sound GPU."""
    monkeypatch.setenv("LD_LIBRARY_PATH", str(driver))
    monkeypatch.setenv("FAKE_NVML", "one")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An interpreter that finds the made torch; what torch was asked for goes into ``log``."""
    (tmp_path / "torch.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.setenv("MADE_TORCH_LOG", str(tmp_path / "log"))
    path = tmp_path / "python"
    # -I keeps folders of the caller out, so the stand-in is let in by name.
    path.write_text(
        f'#!/bin/sh\necho "$CUDA_VISIBLE_DEVICES|$CUDA_DEVICE_ORDER" >{tmp_path}/seen\n'
        f'shift 2; program="$1"; shift\n'
        f"exec {sys.executable} -c \"import sys; sys.path.insert(0, '{tmp_path}')\n"
        '$program" "$@"\n'
    )
    path.chmod(0o755)
    return path


def uuid(digit: str) -> str:
    return "GPU-" + "-".join(digit * length for length in (8, 4, 4, 4, 12))


RTX_2070_SUPER = Device(
    "gpu 0",
    Gpu(
        name="NVIDIA GeForce RTX 2070 SUPER",
        compute_capability="7.5",
        memory_bytes=8192 << 20,
        uuid=uuid("1"),
    ),
)
H100 = Device(
    "gpu 0",
    Gpu(
        name="NVIDIA H100 80GB HBM3",
        compute_capability="9.0",
        memory_bytes=81559 << 20,
        uuid=uuid("2"),
    ),
)
GTX_1080_TI = Device(
    "gpu 1",
    Gpu(
        name="NVIDIA GeForce GTX 1080 Ti",
        compute_capability="6.1",
        memory_bytes=11178 << 20,
        uuid=uuid("3"),
    ),
)
