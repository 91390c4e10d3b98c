"""Real frameworks at work on this processor: JAX, and TensorFlow of both kinds.

PyTorch is left out for its size; its program is tried with a stand-in in tests/unit/bench.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


def dlsetup(home: Path, *words: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "provisioner", *words, "--json"],
        cwd=CHECKOUT,
        env={**os.environ, "DLSETUP_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)["data"]


@pytest.mark.network
@pytest.mark.parametrize(
    ("request_", "framework"),
    [
        ("jax", "jax"),
        ("tensorflow==1.15.*", "tensorflow"),
        ("tensorflow-cpu", "tensorflow"),
    ],
)
def test_a_framework_multiplies_and_its_training_converges(
    tmp_path: Path, request_: str, framework: str
) -> None:
    dlsetup(tmp_path, "up", "demo", request_, "--gpu", "none", "--yes")
    data = dlsetup(tmp_path, "bench", "demo")
    found = {one["name"]: one for one in data["results"] if one["name"].startswith(framework)}

    # A training whose loss did not fall would stand among what was not measured.
    assert set(found) == {f"{framework} matmul fp32", f"{framework} training step"}
    assert 0.001 < found[f"{framework} matmul fp32"]["value"] < 100  # TFLOP/s
    assert 0.1 < found[f"{framework} training step"]["value"] < 100_000  # steps/s
    assert data["environment"]["packages"][0]["name"].startswith(framework)
    assert not any("rest of" in one["name"] for one in data["not_measured"])
