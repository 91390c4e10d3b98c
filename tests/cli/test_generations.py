"""Generations: upgraded beside the old one, rolled back to, shown; never more kept than one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.environments import PYTHON, Home, contents, digest, package, tensorflow
from tests.cli.terminal import CTRL_C, terminal
from tests.unit.upkeep.loopback import Loopback


@pytest.fixture
def home(index: Loopback, tmp_path: Path) -> Home:
    """A home with one environment, made while the index had nothing newer."""
    tensorflow(index, "2.20.0")
    package(index, "beside", "1.0", "")
    made = Home(tmp_path, index)
    ran = made.up("demo", "tensorflow-cpu", "beside")
    assert ran.code == 0, ran.err
    return made


def generation(home: Home) -> int:
    return int(home.run("env", "show", "demo", "--json").data["environment"]["generation"])


def names(home: Home) -> list[str]:
    return sorted(os.listdir(home.environments / "demo"))


NEWER = """\
demo is ready: generation 2 was seen to work.
Generation 1 is kept. To go back: dlsetup env rollback demo
What changes in demo
  tensorflow-cpu  2.20.0 → 2.21.0
  beside          1.0 → 1.1
"""


def test_an_upgrade_takes_what_is_newer_and_keeps_the_generation_of_before(home: Home) -> None:
    before = digest(home.environments / "demo" / "1")
    tensorflow(home.index, "2.21.0")
    package(home.index, "beside", "1.1", "")
    ran = home.run("env", "upgrade", "demo")

    assert (ran.code, ran.out) == (0, NEWER), ran.err
    assert generation(home) == 2
    assert digest(home.environments / "demo" / "1") == before
    assert home.up("demo", "tensorflow-cpu", "beside", "--json").data["changed"] is False


def test_where_nothing_is_newer_nothing_changes(home: Home) -> None:
    before = digest(home.environments)
    ran = home.run("env", "upgrade", "demo")

    assert (ran.code, ran.out) == (0, "Nothing changed: demo is what its request comes to today.\n")
    assert digest(home.environments) == before


def test_a_dry_run_says_what_would_change_and_changes_nothing(home: Home) -> None:
    before = digest(home.environments)
    tensorflow(home.index, "2.21.0")
    told = home.run("env", "upgrade", "demo", "--dry-run")
    data = home.run("env", "upgrade", "demo", "--dry-run", "--json").data

    assert told.out == (
        "demo would be made anew:\nWhat changes in demo\n  tensorflow-cpu  2.20.0 → 2.21.0\n"
    )
    assert data["changes"] == [{"name": "tensorflow-cpu", "before": "2.20.0", "after": "2.21.0"}]
    assert data["changed"] is False
    assert digest(home.environments) == before


def test_what_was_pinned_stays_pinned(home: Home) -> None:
    tensorflow(home.index, "2.21.0")
    home.up("other", "tensorflow-cpu==2.20.*")
    package(home.index, "beside", "1.1", "")

    assert home.run("env", "upgrade", "other", "--json").data["changed"] is False


def test_other_words_for_the_same_are_those_asked_anew(home: Home) -> None:
    assert not home.up("demo", "tensorflow-cpu==2.20.0", "beside", "--json").data["changed"]
    tensorflow(home.index, "2.21.0")

    assert home.run("env", "upgrade", "demo", "--json").data["changed"] is False
    assert not home.up("demo", "tensorflow-cpu", "beside", "--json").data["changed"]
    assert home.run("env", "upgrade", "demo", "--json").data["changed"]


def test_an_upgrade_that_does_not_work_leaves_what_was(home: Home) -> None:
    before = contents(home.environments)
    tensorflow(home.index, "2.21.0", answer=5)
    ran = home.run("env", "upgrade", "demo", "--json")

    assert (ran.code, ran.error["reference"]) == (1, "environment-not-verified")
    assert contents(home.environments) == before


def test_back_and_forward_again_switches_and_makes_nothing(home: Home) -> None:
    tensorflow(home.index, "2.21.0")
    home.run("env", "upgrade", "demo")
    made = {name: digest(home.environments / "demo" / name) for name in ("1", "2")}
    home.index.forget()

    back = home.run("env", "rollback", "demo", "--json").data
    assert (back["changed"], back["environment"]["generation"]) == (True, 1)
    assert back["environment"]["plan"]["pins"][0]["version"] == "2.20.0"
    forward = home.run("env", "rollback", "demo", "--json").data
    assert (forward["changed"], forward["environment"]["generation"]) == (True, 2)
    same = home.run("env", "rollback", "demo", "2", "--json").data
    assert (same["changed"], same["environment"]["generation"]) == (False, 2)
    assert home.index.requests == 0
    assert made == {name: digest(home.environments / "demo" / name) for name in ("1", "2")}


def test_a_number_is_never_given_twice(home: Home) -> None:
    tensorflow(home.index, "2.21.0")
    home.run("env", "upgrade", "demo")
    home.run("env", "rollback", "demo")
    package(home.index, "beside", "1.1", "")
    home.run("env", "upgrade", "demo")

    assert names(home) == ["1", "3", "environment.json", "journal.jsonl"]
    assert generation(home) == 3


def test_what_is_kept_and_wanted_again_is_proved_again_and_not_made(home: Home) -> None:
    tensorflow(home.index, "2.21.0")
    home.run("env", "upgrade", "demo")
    before = digest(home.environments / "demo" / "1")
    ran = home.up("demo", "tensorflow-cpu==2.20.0", "beside", "--json")

    assert (ran.data["changed"], ran.data["environment"]["generation"]) == (True, 1)
    assert digest(home.environments / "demo" / "1") == before


NOTHING_KEPT = """\
error: no-earlier-generation

There is nothing to go back to: generation 1 of demo is the only one.

hint: A generation is kept when up or env upgrade makes the next one.
"""


def test_without_a_generation_of_before_there_is_no_way_back(home: Home) -> None:
    before = digest(home.environments)
    ran = home.run("env", "rollback", "demo")
    other = home.run("env", "rollback", "demo", "7", "--json")

    assert (ran.code, ran.err) == (1, NOTHING_KEPT)
    assert (other.code, other.error["reference"]) == (2, "unknown-generation")
    assert other.error["context"] == ["there is 1"]
    assert digest(home.environments) == before


@pytest.mark.parametrize("harm", ["bin/python", "plan.json", "pyvenv.cfg"])
def test_a_damaged_generation_is_not_gone_back_to(harm: str, home: Home) -> None:
    tensorflow(home.index, "2.21.0")
    home.run("env", "upgrade", "demo")
    (home.environments / "demo" / "1" / harm).unlink()
    before = digest(home.environments)
    ran = home.run("env", "rollback", "demo", "--json")

    assert (ran.code, ran.error["reference"]) == (3, "generation-damaged")
    assert digest(home.environments) == before


def test_an_environment_whose_request_nobody_recorded_is_asked_by_its_plan(home: Home) -> None:
    about = home.environments / "demo" / "1" / "generation.json"
    told = json.loads(about.read_text())
    assert told.pop("asked")["words"] == ["tensorflow-cpu", "beside"]
    about.write_text(json.dumps(told))
    tensorflow(home.index, "2.21.0")
    data = home.run("env", "upgrade", "demo", "--json").data

    assert data["changed"]
    assert data["environment"]["plan"]["request"]["companions"] == ["beside"]


def test_what_is_shown_names_size_proof_and_what_is_kept(home: Home) -> None:
    tensorflow(home.index, "2.21.0")
    home.run("env", "upgrade", "demo")
    shown = home.run("env", "show", "demo", "--json").data["environment"]
    lines = home.run("env", "show", "demo").out.splitlines()
    files = [path for path in (home.environments / "demo" / "2").rglob("*") if path.is_file()]
    occupied = sum(path.lstat().st_blocks * 512 for path in files)

    assert shown["kept"] == [1, 2]
    assert shown["last_verify"]["result"] == "pass"
    # Folders besides; what up wrote after it had counted is small.
    assert 0.5 * occupied < shown["size"]["bytes"] < 2 * occupied + 2**20
    assert 0 < shown["size"]["shared_bytes"] < shown["size"]["bytes"]
    assert lines[-5] == ""
    assert lines[-4] == "State"
    assert lines[-2] == f"  last verify  passed at {shown['last_verify']['time']}"
    assert lines[-1] == "  kept         generation 1: dlsetup env rollback demo 1"


def test_a_pointer_that_cannot_be_read_is_written_anew(home: Home) -> None:
    (home.environments / "demo" / "environment.json").write_text("{")
    ran = home.up("demo", "tensorflow-cpu", "beside", "--json")

    assert (ran.code, ran.data["changed"]) == (0, False)
    assert generation(home) == 1


def test_the_cpu_may_be_wanted_where_there_is_nothing_else(home: Home) -> None:
    before = digest(home.environments)
    same = home.up("demo", "tensorflow-cpu", "beside", "--gpu", "none", "--json")
    assert same.data["changed"] is False
    del before["demo/environment.json"]
    after = digest(home.environments)
    del after["demo/environment.json"]

    assert after == before


def test_a_journal_that_was_torn_is_read_and_added_to(home: Home) -> None:
    journal = home.environments / "demo" / "journal.jsonl"
    with journal.open("a") as stream:
        stream.write('{"time": "2026-11-20T10:00:00Z", "generation": 1, "st')
    assert home.run("env", "show", "demo", "--json").data["environment"]["verified"]
    tensorflow(home.index, "2.21.0")
    assert home.run("env", "upgrade", "demo", "--json").data["changed"]
    entries = [line for line in journal.read_text().splitlines() if line.endswith("}")]

    told = [json.loads(line) for line in entries]
    assert [(item["generation"], item["step"], item["state"]) for item in told] == [
        (number, step, state)
        for number in (1, 2)
        for step in ("python", "packages", "proof", "switch")
        for state in ("begun", "done")
    ]


def test_the_journal_grows_only_where_something_happens(home: Home) -> None:
    journal = home.environments / "demo" / "journal.jsonl"
    before = journal.read_text()
    home.up("demo", "tensorflow-cpu", "beside")
    home.run("env", "show", "demo")

    assert journal.read_text() == before
    assert PYTHON in before


def test_what_is_as_it_was_made_needs_no_index_and_newer_is_for_an_upgrade(home: Home) -> None:
    package(home.index, "beside", "1.1", "")
    asked = home.index.requests
    again = home.up("demo", "tensorflow-cpu", "beside", "--json")

    assert again.data["changed"] is False
    assert home.index.requests == asked
    assert home.run("env", "upgrade", "demo", "--json").data["changed"] is True


@pytest.mark.parametrize(("keys", "code"), [("\r", 1), ("n\r", 1), (CTRL_C, 130), ("y\r", 0)])
def test_on_a_terminal_a_removal_asks_first(keys: str, code: int, home: Home) -> None:
    before = digest(home.environments)
    with terminal(home, "env", "remove", "demo") as screen:
        screen.wait_for("Remove demo, all its generations? [y/N]: ")
        screen.press(keys)
        ended = screen.ended()

    assert ended == code
    assert digest(home.environments) == ({} if code == 0 else before)


@pytest.mark.parametrize("words", [("demo", "--yes"), ("demo", "--json"), ("none",)], ids=str)
def test_a_removal_asks_nothing_where_there_is_nothing_to_ask(
    words: tuple[str, ...], home: Home
) -> None:
    with terminal(home, "env", "remove", *words) as screen:
        assert screen.ended() == (2 if words == ("none",) else 0)

    assert "[y/N]" not in screen.shown
    assert home.environments.joinpath("demo").exists() == (words == ("none",))


@pytest.mark.parametrize(("keys", "code", "now"), [("n\r", 1, 1), (CTRL_C, 130, 1), ("\r", 0, 2)])
def test_on_a_terminal_an_upgrade_says_what_changes_and_asks(
    keys: str, code: int, now: int, home: Home
) -> None:
    tensorflow(home.index, "2.21.0")
    before = digest(home.environments)
    with terminal(home, "env", "upgrade", "demo") as screen:
        screen.wait_for("Upgrade demo? [Y/n]: ")
        asked = screen.shown
        screen.press(keys)
        ended = screen.ended()

    assert "What changes in demo\n   tensorflow-cpu  2.20.0 → 2.21.0" in asked
    assert (ended, generation(home)) == (code, now)
    assert (digest(home.environments) == before) == (now == 1)
