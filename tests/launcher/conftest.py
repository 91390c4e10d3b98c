"""Checkouts to call the launcher in."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.launcher.checkout import TOOLS, Checkout, real_uv


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """With a Python on the PATH and without uv; in a folder whose name needs quoting."""
    tools, home = tmp_path / "bin", tmp_path / "home"
    tools.mkdir()
    home.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found, name
        (tools / name).symlink_to(found)
    base = Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}")
    (tools / "python3").symlink_to(base)
    return Checkout(tmp_path / """it's a "check out" $HOME""", tools, home)


@pytest.fixture
def with_uv(checkout: Checkout) -> Checkout:
    (checkout.tools / "uv").symlink_to(real_uv())
    return checkout
