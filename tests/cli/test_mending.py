"""``verify`` and ``up`` say how a damaged environment is mended, and are not misled by a pause."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.cli.environments import PYTHON, Home, package, tensorflow
from tests.unit.upkeep.loopback import Loopback


@pytest.fixture
def home(index: Loopback, tmp_path: Path) -> Home:
    tensorflow(index)
    package(index, "beside", "1.0", "")
    made = Home(tmp_path, index)
    assert made.up("demo", "tensorflow-cpu", "beside").code == 0
    return made


def site(home: Home, generation: int = 1) -> Path:
    place = home.environments / "demo" / str(generation)
    return place / "lib" / f"python{PYTHON}" / "site-packages"


def test_who_stops_it_and_lets_it_go_on_gets_the_same_answer(home: Home) -> None:
    running = home.start("verify", "demo", "--json")
    assert running.stderr is not None
    assert running.stderr.readline() == "proving that demo works\n"
    time.sleep(0.5)
    running.send_signal(signal.SIGSTOP)
    time.sleep(4)
    running.send_signal(signal.SIGCONT)
    out, _ = running.communicate(timeout=60)

    assert running.returncode == 0, out


def test_the_count_comes_to_all_that_are_shown(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from provisioner.cli import progress

    told: list[tuple[str, int, int | None]] = []
    monkeypatch.setattr(progress.Steps, "count", lambda _, *words: told.append(words))
    home.run("verify", "demo")

    assert [done for _, done, _ in told] == list(range(1, 14))
    assert {of for _, _, of in told} == {None, 13}
    assert told[-1] == ("checks", 13, 13)


def test_what_does_not_work_comes_with_how_to_mend_it(home: Home) -> None:
    (site(home) / "beside.py").unlink()
    once = home.run("verify", "demo").out
    mended = home.up("demo", "tensorflow-cpu", "beside")
    (site(home, 2) / "beside.py").unlink()
    twice = home.run("verify", "demo").out

    lines = ["demo does not work: 1 of 6 checks failed."]
    lines += [f"Make it anew: dlsetup up demo tensorflow-cpu beside --python {PYTHON}"]
    assert once.splitlines()[-2:] == lines
    back = "Or go back to generation 1: dlsetup env rollback demo"
    assert twice.splitlines()[-3:] == [*lines, back]
    assert (
        "generation 1 does not work: it lacks beside.py; making it anew" in mended.err.splitlines()
    )


def test_up_says_what_can_be_seen_at_a_glance_too(home: Home) -> None:
    shutil.rmtree(site(home) / "beside-1.0.dist-info")
    mended = home.up("demo", "tensorflow-cpu", "beside")

    told = "generation 1 does not work: it lacks beside-1.0.dist-info; making it anew"
    assert told in mended.err.splitlines()
