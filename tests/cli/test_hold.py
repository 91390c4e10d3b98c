"""One name is in one hand; where it lies may be said in any way, and others' things are left."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.cli.environments import PYTHON, Home, digest, package, tensorflow
from tests.unit.upkeep.loopback import Loopback


@pytest.fixture
def home(index: Loopback, tmp_path: Path) -> Home:
    tensorflow(index)
    package(index, "beside", "1.0", "")
    return Home(tmp_path, index)


BUSY = r"""error: environment-busy

Another dlsetup is at work on the environment demo\.

  process {pid}, since 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ

hint: Wait until it is done, and try again\.
"""


def test_whoever_comes_second_is_told_at_once_who_is_at_work(home: Home) -> None:
    home.index.gate.clear()  # wheels wait
    first = home.start("up", "demo", "tensorflow-cpu", "--python", PYTHON)
    assert first.stderr is not None
    while "choosing" not in (line := first.stderr.readline()):
        assert line, first.communicate()
    before = -1
    while before != home.index.requests:
        before = home.index.requests
        time.sleep(0.5)
    told = [
        home.up("demo", "tensorflow-cpu"),
        home.run("env", "remove", "demo"),
        home.run("env", "upgrade", "demo"),
    ]
    asked = home.index.requests
    home.index.gate.set()
    first.communicate(timeout=60)

    assert re.fullmatch(BUSY.format(pid=first.pid), told[0].err), told[0].err
    assert [ran.code for ran in told] == [1, 2, 2]  # the others know of no environment yet
    assert asked == before
    assert first.returncode == 0


def test_all_that_change_it_respect_who_is_at_work(home: Home) -> None:
    home.up("demo", "tensorflow-cpu")
    package(home.index, "sleeper", "1.0", "import time; time.sleep(600)\n")
    first = home.start("up", "demo", "tensorflow-cpu", "sleeper", "--python", PYTHON)
    assert first.stderr is not None
    while "proving" not in (line := first.stderr.readline()):
        assert line, first.communicate()
    words = [("env", verb, "demo", "--json") for verb in ("remove", "upgrade", "rollback")]
    told = [home.run(*word) for word in words]
    reads = [home.run("env", *word, "--json").code for word in (("list",), ("show", "demo"))]
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=60)

    assert [ran.error["reference"] for ran in told] == ["environment-busy"] * 3
    assert reads == [0, 0]
    assert home.run("env", "show", "demo", "--json").data["environment"]["generation"] == 1


def test_two_at_once_make_one(home: Home) -> None:
    codes = []

    def make() -> None:
        running = home.start("up", "demo", "tensorflow-cpu", "--python", PYTHON, "--json")
        out, _ = running.communicate(timeout=120)
        codes.append((running.returncode, json.loads(out)["errors"]))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {code for code, _ in codes} <= {0, 1}
    assert 0 in {code for code, _ in codes}
    assert {error["reference"] for _, errors in codes for error in errors} <= {"environment-busy"}
    assert home.run("env", "show", "demo", "--json").data["environment"]["generation"] == 1
    there = ["1", "environment.json", "journal.jsonl"]
    assert sorted(os.listdir(home.environments / "demo")) == there


def test_a_file_in_its_place_is_said_before_anything_is_asked(home: Home) -> None:
    home.environments.mkdir(parents=True)
    (home.environments / "demo").write_text("years of work")
    ran = home.up("demo", "tensorflow-cpu", "--json")

    assert (ran.code, ran.error["reference"]) == (1, "place-taken")
    assert home.index.requests == 0
    assert (home.environments / "demo").read_text() == "years of work"
    assert home.run("env", "list", "--json").data["environments"] == []


def test_a_relative_home_is_meant_from_here(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home.path)
    made = home.up("demo", "tensorflow-cpu", "--json", DLSETUP_HOME="rel/here")
    environment = made.data["environment"]
    again = home.up("demo", "tensorflow-cpu", "--json", DLSETUP_HOME=str(home.path / "rel/here"))

    assert environment["path"] == str(home.path / "rel" / "here" / "envs" / "demo" / "1")
    assert (made.data["changed"], again.data["changed"]) == (True, False)


CUT_OFF = """\
error: unknown-environment

There is no environment demo.

  its making was cut off, and the same dlsetup up goes on with it

hint: Name one of: dlsetup env list
      Or make it: dlsetup up NAME REQ
"""


def test_one_whose_making_was_cut_off_is_no_environment_and_can_be_removed(home: Home) -> None:
    half = home.environments / "demo" / "1"
    half.mkdir(parents=True)
    pointer = {"name": "demo", "generation": 0}
    (home.environments / "demo" / "environment.json").write_text(json.dumps(pointer))

    assert home.run("env", "show", "demo").err == CUT_OFF
    listed = home.run("env", "list", "--json")
    assert listed.data["environments"] == []
    assert [warning["reference"] for warning in listed.document["warnings"]] == [
        "environment-not-finished"
    ]
    assert home.run("env", "list").out == (
        "demo  (not finished: the same dlsetup up goes on; dlsetup env remove demo drops it)\n"
    )
    assert home.run("env", "remove", "demo").code == 0
    assert list(home.environments.iterdir()) == []


def test_removing_one_leaves_the_others_byte_for_byte(home: Home) -> None:
    for name in ("demo", "other"):
        home.up(name, "tensorflow-cpu", "beside")
    before = digest(home.environments / "other")
    home.run("env", "remove", "demo")

    assert digest(home.environments / "other") == before
