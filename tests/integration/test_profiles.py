"""The cheapest profiles are installed and imported each time; the others by prove_profiles."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.mark.network
@pytest.mark.parametrize("name", ["jupyter"])
def test_a_profile_installs_and_imports(name: str, tmp_path: Path) -> None:
    kept = tmp_path / "profiles.jsonl"
    tool = [sys.executable, "-m", "tests.integration.prove_profiles"]
    words = [*tool, name, "--keep", str(kept), "--default-index"]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    (row,) = map(json.loads, kept.read_text().splitlines())
    assert row["profile"] == name
    assert set(row["modules"]) == {"jupyterlab", "ipykernel", "ipywidgets"}
