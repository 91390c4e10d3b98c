"""A kernel and a service find dlsetup again, however it was started and wherever it stands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import provisioner
from provisioner.jupyter import entrance

CHECKOUT = Path(provisioner.__file__).resolve().parents[1]


def test_from_a_checkout_it_is_run_from_anywhere_with_nothing_set(tmp_path: Path) -> None:
    words = entrance.words("--version")
    done = subprocess.run(words, env={}, cwd=tmp_path, capture_output=True, text=True, check=True)

    assert words[:2] == (sys.executable, "-I")
    assert done.stdout == f"dlsetup, version {provisioner.__version__}\n"


def test_the_launchers_private_python_is_never_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "current").write_text("")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "env.1.abcdef"))

    assert entrance.words("env") == (str(CHECKOUT / "dlsetup"), "env")


def test_installed_it_is_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(CHECKOUT))

    assert entrance.words("env") == (sys.executable, "-I", "-m", "provisioner", "env")


def test_where_environments_lie_is_told_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLSETUP_HOME", "relative")
    monkeypatch.setenv("XDG_DATA_HOME", "")

    assert entrance.variables() == {"DLSETUP_HOME": str(Path.cwd() / "relative")}
