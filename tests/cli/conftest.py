from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner import download
from tests.cli import bundles
from tests.cli.environments import Home
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


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with one environment and its bundle; making them is what takes time."""
    with serving() as index:
        bundles.furnish(index)
        made = Home(tmp_path_factory.mktemp("once"), index)
        assert made.up("demo", "tensorflow-cpu", "fine").code == 0
        done = made.run("env", "export", "demo", "-o", str(made.path / "demo.bundle.tar"))
        assert done.code == 0, done.err
        yield made


@pytest.fixture
def bundle(exported: Home, tmp_path: Path) -> Path:
    return Path(shutil.copy(exported.path / "demo.bundle.tar", tmp_path))


@pytest.fixture
def elsewhere(exported: Home, tmp_path: Path) -> Home:
    """A home on a machine where nothing was made."""
    bundles.furnish(exported.index)
    (tmp_path / "other").mkdir()
    return Home(tmp_path / "other", exported.index)
