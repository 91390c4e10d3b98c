"""A machine whose driver works, and one that has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.doctor.live.rooms import WITHOUT_DRIVER, WORKING, Room, copied


@pytest.fixture
def working(tmp_path: Path) -> Room:
    return copied(WORKING, tmp_path)


@pytest.fixture
def bare(tmp_path: Path) -> Room:
    return copied(WITHOUT_DRIVER, tmp_path)
