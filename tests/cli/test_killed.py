"""SIGKILL at any moment leaves the old state or one to go on from; the next run leaves no trace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.environments import PYTHON, Home, digest, package, tensorflow
from tests.unit.upkeep.loopback import Loopback, serving

_MOMENTS = 8
_SOON_S = 5.0

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")


@pytest.fixture
def home(index: Loopback, tmp_path: Path) -> Home:
    return furnished(index, tmp_path)


def furnished(index: Loopback, tmp_path: Path) -> Home:
    tensorflow(index, "2.20.0")
    for number in range(20):
        package(index, f"part-{number}", "1.0", f"# {'x' * 1000}\n" * 200)
    (tmp_path / "tmp").mkdir()
    return Home(tmp_path, index)


WORDS = ("up", "demo", "tensorflow-cpu", *(f"part-{number}" for number in range(20)))


def start(home: Home, *words: str, **settings: str) -> subprocess.Popen[str]:
    return home.start(*words, TMPDIR=str(home.path / "tmp"), **settings)


def finish(home: Home, *words: str, **settings: str) -> dict[str, object]:
    running = start(home, *words, "--json", **settings)
    out, err = running.communicate(timeout=120)
    assert running.returncode == 0, err
    return dict(json.loads(out)["data"])


def killed(home: Home, after_s: float, *words: str) -> None:
    """Start, kill, and wait until whatever it had started is gone too."""
    running = start(home, *words)
    time.sleep(after_s)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    ends = time.monotonic() + _SOON_S
    while (alive := at_work(home)) and time.monotonic() < ends:
        time.sleep(0.01)
    assert not alive


def at_work(home: Home) -> list[str]:
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdecimal() and int(place.name) != os.getpid():
            try:
                words = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            found += [words] if str(home.path) in words else []
    return found


def left(home: Home) -> list[str]:
    """What lies about that no run that ended well leaves."""
    places = [*(home.path / "tmp").iterdir(), *(home.path / "uv").rglob(".tmp*")]
    return [str(path) for path in (*places, *home.environments.rglob(".*.json.*"))]


def duration(home: Home, *words: str) -> float:
    began = time.monotonic()
    finish(home, *words)
    return time.monotonic() - began


def test_killed_while_it_is_made_it_is_made_by_the_next_call(home: Home) -> None:
    usual = duration(home, *WORDS, "--python", PYTHON)
    finish(home, "env", "remove", "demo")
    for moment in range(_MOMENTS):
        killed(home, usual * (moment + 1) / (_MOMENTS + 1), *WORDS, "--python", PYTHON)
        made = finish(home, *WORDS, "--python", PYTHON)["environment"]
        assert isinstance(made, dict)
        number = made["generation"]

        assert made["verified"]
        there = sorted(os.listdir(home.environments / "demo"))
        assert there == [str(number), "environment.json", "journal.jsonl"], moment
        assert left(home) == []
        before = digest(home.environments)
        assert finish(home, *WORDS, "--python", PYTHON)["changed"] is False
        assert digest(home.environments) == before
        finish(home, "env", "remove", "demo")
        assert list(home.environments.iterdir()) == []


def test_killed_while_it_is_upgraded_the_old_one_stands(home: Home) -> None:
    finish(home, *WORDS, "--python", PYTHON)
    tensorflow(home.index, "2.21.0")
    usual = duration(home, "up", "like", *WORDS[2:], "--python", PYTHON)
    for moment in range(_MOMENTS):
        killed(home, usual * (moment + 1) / (_MOMENTS + 1), "env", "upgrade", "demo")
        program = "import tensorflow; print(tensorflow.__version__)"
        running = start(home, "env", "run", "demo", "--", "python", "-c", program)
        version = running.communicate(timeout=60)[0].strip()
        shown = finish(home, "env", "show", "demo")["environment"]
        assert isinstance(shown, dict)
        assert shown["verified"]
        assert version == shown["plan"]["pins"][0]["version"] in {"2.20.0", "2.21.0"}

        finish(home, "env", "upgrade", "demo")
        shown = finish(home, "env", "show", "demo")["environment"]
        assert isinstance(shown, dict)
        assert shown["plan"]["pins"][0]["version"] == "2.21.0"
        assert len(shown["kept"]) == 2
        there = {*map(str, shown["kept"]), "environment.json", "journal.jsonl"}
        assert set(os.listdir(home.environments / "demo")) == there
        assert left(home) == []
        finish(home, "env", "rollback", "demo")


@pytest.mark.parametrize("moment", range(4))
def test_killed_while_it_is_removed_it_can_be_removed(moment: int, home: Home) -> None:
    finish(home, *WORDS, "--python", PYTHON)
    killed(home, 0.1 + moment * 0.03, "env", "remove", "demo")
    if list(home.environments.iterdir()):
        finish(home, "env", "remove", "demo")

    assert list(home.environments.iterdir()) == []


def cut_off_in_its_proof(home: Home) -> None:
    package(home.index, "sleeper", "1.0", SLEEPS_ONCE.format(str(home.path / "slept")))
    running = start(home, *WORDS, "sleeper", "--python", PYTHON)
    assert running.stderr is not None
    while not (home.path / "slept").exists() and running.poll() is None:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.communicate()


SLEEPS_ONCE = """
import pathlib, time
slept = pathlib.Path({0!r})
if not slept.exists():
    slept.touch()
    time.sleep(600)
"""


def test_the_next_call_says_that_it_goes_on(home: Home) -> None:
    cut_off_in_its_proof(home)
    ran = home.up(*WORDS[1:], "sleeper")
    entries = [
        json.loads(line)
        for line in (home.environments / "demo" / "journal.jsonl").read_text().splitlines()
    ]
    cut = entries[5]

    assert (cut["step"], cut["state"], cut["detail"]) == ("proof", "failed", "cut off")
    assert (
        f"going on after a run that was cut off at {entries[4]['time']}, in its step proof: "
        "what was fetched then is not fetched again"
    ) in ran.err.splitlines()


def test_a_run_that_was_cut_off_is_gone_on_with_though_the_network_is_dead(tmp_path: Path) -> None:
    with serving() as index:
        home = furnished(index, tmp_path)
        tensorflow(index, "2.21.0")
        cut_off_in_its_proof(home)
    other = home.up("other", "tensorflow-cpu", "part-1", "--json")
    ran = home.up(*WORDS[1:], "sleeper", "--json")

    assert (other.code, other.error["reference"]) == (3, "index-unreachable")
    assert (ran.code, ran.data["changed"]) == (0, True), ran.err
    assert "no index answers: going on with the lock of the run that was cut off" in ran.err
