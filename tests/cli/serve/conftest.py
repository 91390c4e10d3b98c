"""An environment with a JupyterLab, made once and served in each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.environments import Home
from tests.cli.serving import furnish, serve
from tests.unit.upkeep.loopback import Loopback, serving


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with serving() as index:
        furnish(index)
        made = Home(tmp_path_factory.mktemp("once"), index)
        assert made.up("lab", "jupyterlab", "ipykernel").code == 0
    return made.path / "data"


@pytest.fixture
def home(once: Path, index: Loopback, tmp_path: Path) -> Iterator[Home]:
    furnish(index)
    shutil.copytree(once, tmp_path / "data", symlinks=True)
    made = Home(tmp_path, index)
    yield made
    serve(made, "--stop")
