from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.upkeep.facts.table import Facts

Tables = Callable[..., Facts]


@pytest.fixture
def facts(tmp_path: Path) -> Tables:
    """Makes a folder of facts from excerpts: name of the table → its text."""

    def make(**tables: str) -> Facts:
        (tmp_path / "README.md").write_text("Facts, gathered 2026-11-20.\n", encoding="utf-8")
        for name, text in tables.items():
            file = tmp_path / f"{name.removeprefix('t')}.csv"
            file.write_text(text.strip() + "\n", encoding="utf-8")
        return Facts(tmp_path)

    return make
