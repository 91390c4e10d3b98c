"""Temporary folders go with whoever uses them, or with the next run where that was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from provisioner import scratch

CHECKOUT = Path(__file__).resolve().parents[2]
USES = """
import time
from provisioner import scratch
with scratch.folder() as folder:
    (folder / "secret").write_text("x")
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def used(temporary: Path) -> tuple[subprocess.Popen[str], Path]:
    """Another process, and the folder that it uses."""
    env = {**os.environ, "TMPDIR": str(temporary)}
    words = [sys.executable, "-c", USES]
    running = subprocess.Popen(words, cwd=CHECKOUT, env=env, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    return running, Path(running.stdout.readline().strip())


def end(running: subprocess.Popen[str]) -> None:
    running.send_signal(signal.SIGKILL)
    running.communicate()


def test_a_folder_is_private_and_goes_at_its_end(temporary: Path) -> None:
    with scratch.folder() as folder:
        assert folder.parent == temporary
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "file").touch()

    assert list(temporary.iterdir()) == []


def test_what_is_used_stays_and_what_a_killed_run_left_goes(
    temporary: Path, used: tuple[subprocess.Popen[str], Path]
) -> None:
    running, folder = used
    assert scratch.sweep() == 0
    assert (folder / "secret").exists()
    end(running)

    assert scratch.sweep() == 1
    assert list(temporary.iterdir()) == []


def test_what_is_not_ours_stays(temporary: Path) -> None:
    kept = temporary / "kept"
    kept.mkdir()
    (temporary / "dlsetup-run-link").symlink_to(kept)
    (temporary / "dlsetup-run-file").touch()
    (temporary / "dlsetup-else").mkdir()

    assert scratch.sweep() == 0
    assert len(list(temporary.iterdir())) == 4


@pytest.mark.usefixtures("temporary")
def test_one_that_is_swept_before_it_is_held_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    made = tempfile.mkdtemp
    gone: list[str] = []

    def swept_once(**words: str) -> str:
        path = made(**words)
        if not gone:
            gone.append(path)
            Path(path).rmdir()
        return path

    monkeypatch.setattr(tempfile, "mkdtemp", swept_once)
    with scratch.folder() as folder:
        assert str(folder) not in gone
        assert folder.is_dir()
