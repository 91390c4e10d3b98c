"""Frameworks from the real index, brought up and verified on the CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.network

CHECKOUT = Path(__file__).resolve().parents[2]
CASES = {
    "tensorflow==1.15.*": ("3.7", "tensorflow", "1.15"),
    "jax": ("3.12", "jax", "0."),
}


def interpreter(minor: str) -> str:
    """One of pyenv's, which is not on PATH."""
    return str(max(Path.home().glob(f".pyenv/versions/{minor}.*/bin/python")))


def ran(home: Path, *words: str) -> tuple[int, dict[str, Any]]:
    pythons = [
        {"version": Path(path).parents[1].name, "path": path}
        for path in (interpreter(minor) for minor, _, _ in CASES.values())
    ]
    env = {
        **os.environ,
        "DLSETUP_HOME": str(home),
        "DLSETUP_OVERRIDE_PYTHONS": json.dumps(pythons),
        "PYTHONPATH": str(CHECKOUT),
    }
    argv = [sys.executable, "-m", "provisioner", *words, "--json"]
    done = subprocess.run(argv, env=env, check=False, capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout)["data"]


@pytest.mark.parametrize("requirement", CASES)
def test_it_comes_up_and_is_verified_and_harm_is_found(requirement: str, tmp_path: Path) -> None:
    python, framework, version = CASES[requirement]
    code, made = ran(tmp_path, "up", "demo", requirement, "--gpu", "none", "--python", python)
    assert code == 0, made
    code, found = ran(tmp_path, "verify")
    checks = {item["name"]: (item["result"], item["detail"]) for item in found["checks"]}

    assert code == 0, checks
    assert checks[f"compute {framework}"][1].startswith(f"{framework} {version}")
    assert checks[f"numpy {framework}"][0] == "pass"
    assert checks["versions"][0] == checks["files"][0] == "pass"
    assert checks["python"][1].startswith(f"{python}.")

    site = Path(made["environment"]["path"], "lib", f"python{python}", "site-packages")
    numpy = site / "numpy" / "linalg" / "__init__.py"
    numpy.unlink()
    code, found = ran(tmp_path, "verify")
    failed = {item["name"]: item["detail"] for item in found["checks"] if item["result"] == "fail"}

    assert code == 1
    assert failed["files"] == "numpy lacks numpy/linalg/__init__.py"
    assert any(name.startswith("imports ") for name in failed)
