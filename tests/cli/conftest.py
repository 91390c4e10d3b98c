from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner import download
from tests.cli.locking import World, furnish
from tests.cli.refreshing import CHECKOUT, Place
from tests.unit.upkeep.loopback import Loopback, serving


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setattr(download, "_BACKOFF_S", 0)
    with serving() as served:
        yield served


@pytest.fixture
def place(index: Loopback, tmp_path: Path) -> Place:
    return Place(tmp_path, index)


@pytest.fixture
def copy(index: Loopback, tmp_path: Path) -> Place:
    """As ``place``, with a catalog of its own."""
    return Place(tmp_path, index, Path(shutil.copytree(CHECKOUT / "stacks", tmp_path / "stacks")))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The default index, PyTorch's for cu126 and for the CPU, and a configuration that says so."""
    with serving() as default, serving() as cu126, serving() as cpu:
        made = World(tmp_path, default, cu126, cpu)
        furnish(made)
        made.configure()
        yield made
