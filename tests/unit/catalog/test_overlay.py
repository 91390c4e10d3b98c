"""A user's own rows over those that ship: which counts, and what damage does."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from provisioner import resources
from provisioner.catalog import sheets
from provisioner.catalog.contents import Contents, contents_of, joined
from provisioner.catalog.load import Catalog
from provisioner.catalog.overlay import NOTHING, overlay_of, read_overlay
from provisioner.catalog.rows import Build, Cuda, PerSystem
from provisioner.errors import BadDataError

CHECKOUT = Path(__file__).resolve().parents[3]
TORCH = sheets.builds("torch")
NEW = sheets.builds("flax", sheets.COMPANIONS)


def build(framework: str = "torch", version: str = "99.1.0", **more: object) -> Build:
    row = Build(
        framework=framework,
        version=version,
        platform="linux-x86_64",
        kind="measured",
        evidence=f"{framework}-{version}-py3-none-any.whl: METADATA",
        checked="2026-11-21",
    )
    return msgspec.structs.replace(row, **more)


def over(tmp_path: Path, changed: dict[sheets.Sheet, list[msgspec.Struct]]) -> Catalog:
    path = tmp_path / "catalog.json"
    path.write_bytes(overlay_of(changed, contents_of(changed.items()), "2026-11-21"))
    return Catalog(CHECKOUT / "stacks", read_overlay(path))


SHIPPED = Catalog(CHECKOUT / "stacks")


def newest() -> Build:
    return SHIPPED.builds("torch")[-1]


def test_a_new_row_stands_at_its_place_and_all_others_stay(tmp_path: Path) -> None:
    row = build(version="2.9.99")
    catalog = over(tmp_path, {TORCH: [row]})

    found = catalog.rows_of(TORCH)

    assert [old for old in found if old != row] == list(SHIPPED.rows_of(TORCH))
    assert sorted(found, key=sheets.order(TORCH)) == list(found)
    assert row in catalog.builds("torch")
    assert catalog.checked == "2026-11-21"
    assert catalog.frameworks == SHIPPED.frameworks


def test_of_two_rows_with_one_key_the_newer_one_counts(tmp_path: Path) -> None:
    shipped = next(row for row in SHIPPED.builds("torch") if row.version == "2.15.0")
    newer = msgspec.structs.replace(shipped, glibc="2.99", checked="2026-12-01")
    older = msgspec.structs.replace(shipped, glibc="2.99", checked="2026-01-01")

    assert newer in over(tmp_path, {TORCH: [newer]}).builds("torch")
    assert shipped not in over(tmp_path, {TORCH: [newer]}).builds("torch")
    # A newer dlsetup that knows the row better goes before an old overlay.
    assert over(tmp_path, {TORCH: [older]}).builds("torch") == SHIPPED.builds("torch")


def test_sheets_that_no_overlay_speaks_of_are_those_that_ship(tmp_path: Path) -> None:
    catalog = over(tmp_path, {TORCH: [build()]})

    assert catalog.cuda == SHIPPED.cuda
    assert catalog.builds("tensorflow") == SHIPPED.builds("tensorflow")


def test_a_project_without_a_sheet_gets_one(tmp_path: Path) -> None:
    catalog = over(tmp_path, {NEW: [build("flax")]})

    assert [row.version for row in catalog.builds("flax")] == ["99.1.0"]
    assert NEW in catalog.build_sheets
    assert "flax" in catalog.every_name
    assert "flax" not in catalog.frameworks


def test_any_sheet_can_be_laid_over(tmp_path: Path) -> None:
    row = Cuda(
        version="13.99",
        driver_floor=PerSystem("580.65.06", "580"),
        driver_bundled=PerSystem(),
        evidence="floor",
        checked="2026-11-21",
    )

    assert over(tmp_path, {sheets.CUDA: [row]}).cuda == (*SHIPPED.cuda, row)


def test_a_tool_of_another_version_stands_in_the_place_of_the_old_one(tmp_path: Path) -> None:
    (uv,) = (row for row in SHIPPED.tools if row.name == "uv")
    newer = msgspec.structs.replace(uv, version="0.13.99", checked="2026-11-21")

    found = over(tmp_path, {sheets.TOOLS: [newer]}).tools

    assert [row for row in found if row.name == "uv"] == [newer]


def test_no_overlay_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    assert read_overlay(None) is NOTHING
    assert read_overlay(tmp_path / "catalog.json") is NOTHING
    assert read_overlay(tmp_path / "file" / "catalog.json") is NOTHING


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadDataError) as caught:
        read_overlay(tmp_path)

    assert caught.value.reference == "bad-overlay"


def test_a_row_that_cannot_be_read_is_told_when_its_sheet_is(tmp_path: Path) -> None:
    path = tmp_path / "catalog.json"
    path.write_bytes(b'{"schema": 1, "sheets": {"frameworks/torch.jsonl": [{"version": "1"}]}}')
    catalog = Catalog(CHECKOUT / "stacks", read_overlay(path))

    assert catalog.cuda
    with pytest.raises(BadDataError) as caught:
        catalog.rows_of(TORCH)
    assert caught.value.context[0].startswith("frameworks/torch.jsonl: ")


def test_contents_are_joined_without_losing_a_sheet() -> None:
    one = Contents("2026-11-20", {"torch": ("torch", "torch-conda")}, {"jax": ("jax",)})
    two = Contents("2026-11-19", {"torch": ("torch-index",)}, {}, {"flax": ("flax",)})

    assert joined(one, two) == Contents(
        "2026-11-20",
        {"torch": ("torch", "torch-conda", "torch-index")},
        {"jax": ("jax",)},
        {"flax": ("flax",)},
    )


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"XDG_DATA_HOME": "/srv/data"}, "/srv/data/dlsetup/catalog.json"),
        ({"XDG_DATA_HOME": "data", "HOME": "/srv"}, "/srv/.local/share/dlsetup/catalog.json"),
        ({"HOME": "/srv"}, "/srv/.local/share/dlsetup/catalog.json"),
        ({"XDG_DATA_HOME": "/srv/data", "DLSETUP_STACKS": "/srv/stacks"}, None),
    ],
)
def test_where_it_lies(
    settings: dict[str, str], expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_DATA_HOME", "DLSETUP_STACKS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    assert resources.overlay() == (Path(expected) if expected else None)


def test_a_user_without_a_home_has_no_overlay(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "DLSETUP_STACKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)

    assert resources.overlay() is None
    assert resources.cache() is None
