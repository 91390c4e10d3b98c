"""``up`` stands an environment on a Python that really runs, and says why others would not do."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.cli.environments import PYTHON, Home, tensorflow
from tests.unit.upkeep.loopback import Loopback

REAL = os.path.realpath(sys.executable)


@pytest.fixture
def home(index: Loopback, tmp_path: Path) -> Home:
    tensorflow(index)
    return Home(tmp_path, index)


@pytest.fixture
def shim(tmp_path: Path) -> str:
    path = tmp_path / "shims" / "python3"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\necho 'pyenv: python3: command not found' >&2\nexit 127\n")
    path.chmod(0o755)
    return str(path)


def pythons(*paths: str) -> str:
    return json.dumps([{"version": f"{PYTHON}.99", "path": path} for path in paths])


def test_one_that_does_not_run_is_passed_over(home: Home, shim: str) -> None:
    ran = home.up("demo", "tensorflow-cpu", DLSETUP_OVERRIDE_PYTHONS=pythons(shim, REAL))

    assert ran.code == 0, ran.err
    assert os.path.realpath(home.environments / "demo" / "1" / "bin" / "python") == REAL


NONE = f"""\
error: python-not-found

The plan needs Python {PYTHON}, and none that serves is here or could be fetched.

  {{shim}}: it ended with code 127: pyenv: python3: command not found
  uv's own build: {{uv}}

hint: Install Python {PYTHON} (uv python install {PYTHON}, pyenv, conda or the system's packages), \
or ask for another with --python.
"""


def test_where_none_runs_everything_that_was_tried_is_said(home: Home, shim: str) -> None:
    ran = home.up(
        "demo",
        "tensorflow-cpu",
        DLSETUP_OVERRIDE_PYTHONS=pythons(shim),
        UV_PYTHON_DOWNLOADS="never",
        UV_PYTHON_INSTALL_DIR=str(home.path / "none"),
    )

    lines = ran.err[ran.err.index("error: ") :].splitlines(keepends=True)
    told = "".join(line for line in lines if not line.startswith("  log  "))
    (uv,) = [line for line in told.splitlines() if line.startswith("  uv's own build: ")]
    assert ran.code == 3
    assert told == NONE.format(shim=shim, uv=uv.removeprefix("  uv's own build: "))
    assert "Python downloads are set to 'never'" in uv
    assert not (home.environments / "demo").exists()
