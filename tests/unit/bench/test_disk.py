"""The disk is measured, and nothing is left on it, however that ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from provisioner.bench import disk
from provisioner.bench.runs import NotMeasured

CHECKOUT = Path(__file__).parents[3]
MIB = 1 << 20


def test_three_measures_and_nothing_left(tmp_path: Path) -> None:
    found, missing = disk.disk(tmp_path / "not" / "there", 0.6)

    assert missing == []
    assert [(one.name, one.unit, one.device) for one in found] == [
        ("write", "MB/s", "disk"),
        ("read", "MB/s", "disk"),
        ("scattered reads", "reads/s", "disk"),
    ]
    assert all(0 < (one.low or 0) <= one.value <= (one.high or 0) for one in found)
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_that_cannot_go_past_the_cache_is_measured_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "_DIRECT", 0)
    found, _ = disk.disk(tmp_path, 0.3)

    assert found[1].detail == "in one stream, page cache emptied before"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("free", "runs"), [(40 * 32 * MIB, 1), (80 * 32 * MIB, 3)])
def test_no_more_than_a_twentieth_of_the_room_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, runs: int
) -> None:
    room = SimpleNamespace(f_bavail=free // 4096, f_frsize=4096)
    monkeypatch.setattr(os, "statvfs", lambda _: room)
    found, _ = disk.disk(tmp_path, 60)

    # Segments of 32 MiB, the first of them a warm-up.
    assert found[0].runs == runs


def test_a_small_disk_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = SimpleNamespace(f_bavail=300 * MIB // 4096, f_frsize=4096)
    monkeypatch.setattr(os, "statvfs", lambda _: room)

    assert disk.disk(tmp_path, 1) == (
        [],
        [NotMeasured("disk", f"there is too little room in {tmp_path}")],
    )


def test_what_the_system_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)

    assert disk.disk(tmp_path, 1) == (
        [],
        [NotMeasured("disk", f"{tmp_path}: No space left on device")],
    )


def test_killed_at_any_moment_it_leaves_nothing(tmp_path: Path) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(CHECKOUT)!r})\n"
        "from pathlib import Path; from provisioner.bench import disk\n"
        f"print('here', flush=True); disk.disk(Path({str(tmp_path)!r}), 60)"
    )
    running = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert running.stdout is not None
    running.stdout.readline()
    time.sleep(0.3)
    running.kill()
    running.wait()
    running.stdout.close()

    assert list(tmp_path.iterdir()) == []


def test_the_kind_of_file_system_is_the_nearest_mounts() -> None:
    assert disk.file_system(Path("/proc/self")) == "proc"
