"""The memory between calls: bound to files, never trusted blindly, never in the way."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner import process
from provisioner.detect import detect
from provisioner.detect.remembered import FactCache, cache_folder

Write = Callable[[str, str], Path]
SHEET = "machine-facts.json"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The programs that were really started."""
    programs: list[str] = []
    run = process.run

    def noted(argv: list[str], **options: float) -> process.Completed:
        programs.append(argv[0])
        return run(argv, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(process, "run", noted)
    return programs


def test_a_second_call_starts_no_program_and_says_the_same(
    program: Write, live_env: dict[str, str], tmp_path: Path, started: list[str]
) -> None:
    program("docker", 'echo "Docker version 28.2.2, build e6534b4"')
    program("uv", "exit 1")
    (tmp_path / "bin" / "python3").symlink_to(os.path.realpath(sys.executable))
    first = detect(env=live_env, cache_dir=tmp_path / "cache").machine
    asked = list(started)
    started.clear()

    second = detect(env=live_env, cache_dir=tmp_path / "cache").machine

    assert f"{tmp_path}/bin/docker" in asked
    assert [name for name in started if str(tmp_path) in name] == []
    assert (second.containers, second.pythons) == (first.containers, first.pythons)


def test_a_program_that_changed_is_asked_again(
    program: Write, live_env: dict[str, str], tmp_path: Path
) -> None:
    program("uv", 'echo "uv 0.13.8"')
    detect(env=live_env, cache_dir=tmp_path / "cache")
    program("uv", 'echo "uv 0.14.10"')

    assert detect(env=live_env, cache_dir=tmp_path / "cache").machine.tools["uv"] == "0.14.10"


@pytest.mark.parametrize(
    "garbage",
    [b"", b"{", b"\x00\xff", b"[]", b'{"schema": 1, "facts": 3}', b'{"schema": 99, "facts": {}}'],
)
def test_a_damaged_memory_counts_as_empty_and_is_renewed(
    live_env: dict[str, str], tmp_path: Path, program: Write, garbage: bytes
) -> None:
    program("uv", 'echo "uv 0.13.8"')
    (tmp_path / SHEET).write_bytes(garbage)

    machine = detect(env=live_env, cache_dir=tmp_path).machine

    assert machine.tools["uv"] == "0.13.8"
    assert FactCache(str(tmp_path)).program_answer([f"{tmp_path}/bin/uv", "--version"])


def test_a_place_that_cannot_be_written_is_no_error(
    live_env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    report = detect(env=live_env, cache_dir=tmp_path / "file" / "below")

    assert report.machine.os.id != "unknown"


def test_nothing_half_written_is_left(live_env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "cache" / SHEET).mkdir(parents=True)  # a folder where the file should be

    detect(env=live_env, cache_dir=tmp_path / "cache")

    assert [path.name for path in (tmp_path / "cache").iterdir()] == [SHEET]


def test_a_failure_is_not_remembered_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    cache = FactCache(str(tmp_path))
    cache.remember("failed", (1,), None)
    cache.remember("fine", (1,), "text")
    later = time.time() + 7200
    monkeypatch.setattr(time, "time", lambda: later)

    assert cache.fact("failed", (1,)) is None
    assert cache.fact("fine", (1,)) is not None
    assert cache.fact("fine", (2,)) is None


def test_facts_are_kept_where_the_platform_keeps_them() -> None:
    assert cache_folder({"HOME": "/home/a"}) == "/home/a/.cache/dlsetup"
    assert cache_folder({"HOME": "/home/a", "XDG_CACHE_HOME": "/x"}) == "/x/dlsetup"
    assert cache_folder({"HOME": "/home/a", "XDG_CACHE_HOME": "rel"}) == "/home/a/.cache/dlsetup"
    assert cache_folder({}) is None
