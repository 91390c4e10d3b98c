"""A place of its own for each test that looks at the live machine."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "fake_nvml" / "fake_nvml.c"


@pytest.fixture(scope="session")
def fake_nvml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a compiled libnvidia-ml.so.1 that answers from fixtures."""
    folder = tmp_path_factory.mktemp("nvml")
    library = folder / "libnvidia-ml.so.1"
    subprocess.run(
        ["cc", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library, SOURCE],
        check=True,
    )
    return folder


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes an executable shell script of some name into the folder ``bin``."""

    def write(name: str, script: str) -> Path:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def live_env(tmp_path: Path) -> dict[str, str]:
    """An environment in which only the programs of a test are on PATH."""
    (tmp_path / "bin").mkdir(exist_ok=True)
    home = tmp_path / "home"
    home.mkdir()
    return {
        "PATH": str(tmp_path / "bin"),
        "HOME": str(home),
        "DLSETUP_PROBE_SECONDS": "3",
    }
