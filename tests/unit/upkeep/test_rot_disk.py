"""The disk that installing takes: counted once a file, bounded, never more than was promised."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from provisioner.errors import OutsideError
from provisioner.upkeep.rot import disk
from provisioner.upkeep.rot.disk import Disk, alone, used_bytes

MEGABYTE = 1_000_000


class Usage(NamedTuple):
    """As ``shutil.disk_usage`` tells it."""

    total: int
    used: int
    free: int


@pytest.fixture(autouse=True)
def _much_room(monkeypatch: pytest.MonkeyPatch) -> None:
    free_is(monkeypatch, 10**12)


def free_is(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**13, 0, free))


def filled(folder: Path, megabytes: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "wheel").write_bytes(os.urandom(megabytes * MEGABYTE))
    return folder


def test_a_file_under_two_names_counts_once(tmp_path: Path) -> None:
    fetched = filled(tmp_path / "fetched", 4)
    (tmp_path / "environment").mkdir()
    os.link(fetched / "wheel", tmp_path / "environment" / "wheel")

    assert 4 * MEGABYTE <= used_bytes(tmp_path) < 5 * MEGABYTE


def test_a_link_to_elsewhere_is_not_followed(tmp_path: Path) -> None:
    outside = filled(tmp_path / "outside", 4)
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "link").symlink_to(outside)

    assert used_bytes(tmp_path / "inside") < MEGABYTE


def test_what_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert used_bytes(tmp_path / "nothing") == 0


def test_what_was_fetched_is_kept_while_there_is_room(tmp_path: Path) -> None:
    fetched = filled(tmp_path / "fetched", 4)

    Disk(tmp_path, most=10 * MEGABYTE, need=5 * MEGABYTE).make_room(fetched)

    assert (fetched / "wheel").exists()


def test_what_was_fetched_is_dropped_before_the_bound_could_be_passed(tmp_path: Path) -> None:
    fetched = filled(tmp_path / "fetched", 6)
    held = Disk(tmp_path, most=10 * MEGABYTE, need=5 * MEGABYTE)

    held.make_room(fetched)

    assert not fetched.exists()
    assert held.count() + held.need <= held.most


def test_a_nearly_full_disk_also_drops_what_was_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = filled(tmp_path / "fetched", 1)
    free_is(monkeypatch, MEGABYTE)

    with pytest.raises(OutsideError) as told:
        Disk(tmp_path, most=10 * MEGABYTE, need=5 * MEGABYTE).make_room(fetched)

    assert told.value.reference == "disk-full"
    assert not fetched.exists()


def test_what_cannot_be_dropped_is_told_before_anything_is_installed(tmp_path: Path) -> None:
    filled(tmp_path / "elsewhere", 6)

    with pytest.raises(OutsideError) as told:
        Disk(tmp_path, most=10 * MEGABYTE, need=5 * MEGABYTE).make_room(tmp_path / "fetched")

    assert told.value.exit_code == 3
    assert told.value.hint.endswith("XDG_CACHE_HOME.")


def test_the_most_that_was_held_is_remembered(tmp_path: Path) -> None:
    held = Disk(tmp_path)
    fetched = filled(tmp_path / "fetched", 4)
    held.count()
    shutil.rmtree(fetched)

    assert held.count() < MEGABYTE
    assert held.peak >= 4 * MEGABYTE


def test_no_more_than_25_gigabytes_are_ever_planned_for() -> None:
    assert disk.MOST_BYTES == 25 * 10**9
    assert disk.NEED_BYTES < disk.MOST_BYTES


def test_two_runs_never_share_a_folder(tmp_path: Path) -> None:
    with alone(tmp_path / "rot"):
        with pytest.raises(OutsideError) as told, alone(tmp_path / "rot"):
            pass
        with alone(tmp_path / "other"):
            pass

    assert told.value.reference == "already-running"
    with alone(tmp_path / "rot"):
        pass
