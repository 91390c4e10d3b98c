from __future__ import annotations

import shutil
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture
def stacks(tmp_path: Path) -> Path:
    """A copy of the catalog's folder, to be damaged."""
    return Path(shutil.copytree(CHECKOUT / "stacks", tmp_path / "stacks"))
