from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provisioner import download
from provisioner.upkeep.facts.table import Facts
from tests.unit.upkeep.loopback import Loopback, serving

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


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """A package index on loopback, and the one that the settings name."""
    monkeypatch.setattr(download, "_BACKOFF_S", 0)
    with serving() as served:
        monkeypatch.setenv("PIP_INDEX_URL", served.address)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        for other in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
            monkeypatch.delenv(other, raising=False)
        yield served


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The day that fresh rows bear."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795176000")  # 2026-11-20
