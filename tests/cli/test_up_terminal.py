"""On a terminal ``up`` says what it is about to do, asks once, and shows how far it is."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path

import pytest

from tests.cli.environments import PYTHON, Home, package, tensorflow
from tests.cli.terminal import CTRL_C, terminal
from tests.unit.upkeep.loopback import Loopback

UP = ("up", "demo", "tensorflow-cpu", "--python", PYTHON)
QUESTION = "Go on? [Y/n]: "
BEGINS = {
    "verify": "proving that demo works",
    "bench": "measuring the processor",
}
SIZES = re.compile(r"[\d.]+ (?:bytes|kB|MB|GB|TB)")
TOOK = re.compile(r"(?m)^took \d+ s;")
INTENT = """\
Environment demo
  install      tensorflow-cpu 2.21.0
  python       {python}
  computes on  the CPU
  download     1 package, SIZE
  on disk      SIZE in {path}/uv (uv's cache and the environment; SIZE free)
  place        {path}/data/dlsetup/envs/demo
"""


@pytest.fixture
def home(index: Loopback, tmp_path: Path) -> Home:
    tensorflow(index)
    return Home(tmp_path, index)


def wheels_read(index: Loopback) -> int:
    """Whole wheels that somebody fetched: looking at the directory of one is another answer."""
    return sum(item.path.endswith(".whl") and item.status == 200 for item in index.sent)


def intent(home: Home) -> str:
    return INTENT.format(python=PYTHON, path=home.path)


def test_a_dry_run_says_what_would_be_done(home: Home) -> None:
    ran = home.up("demo", "tensorflow-cpu", "--dry-run")

    assert (ran.code, SIZES.sub("SIZE", ran.out)) == (0, intent(home))
    assert not (home.path / "uv" / "archive-v0").exists()


def test_where_nothing_would_change_a_dry_run_says_so(home: Home) -> None:
    home.up("demo", "tensorflow-cpu")
    ran = home.up("demo", "tensorflow-cpu", "--dry-run")

    assert ran.out == "Nothing would change: demo is already what was asked for.\n"
    assert home.up("demo", "tensorflow-cpu", "--dry-run", "--json").data["would_change"] is False


def test_it_says_what_it_will_do_before_it_asks(home: Home) -> None:
    with terminal(home, *UP, columns=300) as screen:
        screen.wait_for(QUESTION)
        asked = screen.shown
        screen.press("\r")
        code = screen.ended()

    assert intent(home) in SIZES.sub("SIZE", asked)
    assert code == 0
    assert "demo is ready: tensorflow-cpu 2.21.0 computes on the CPU." in screen.shown
    assert "Enter it with: dlsetup env shell demo" in screen.shown


@pytest.mark.parametrize(("keys", "code"), [("n\r", 1), (CTRL_C, 130), ("\x04", 130)])
def test_whoever_says_no_gets_nothing(keys: str, code: int, home: Home) -> None:
    with terminal(home, *UP) as screen:
        screen.wait_for(QUESTION)
        screen.press(keys)
        ended = screen.ended()

    assert ended == code
    assert list(home.environments.iterdir()) == []
    assert "Traceback" not in screen.shown
    assert screen.shown.rstrip().endswith(
        "\nNothing was done." if code > 1 else "Nothing was done."
    )
    assert "Stopped" not in screen.shown


def test_yes_asks_nothing(home: Home) -> None:
    with terminal(home, *UP, "--yes") as screen:
        assert screen.ended() == 0

    assert QUESTION not in screen.shown
    assert "install      tensorflow-cpu 2.21.0" in screen.shown


def test_json_asks_nothing_and_shows_no_plan(home: Home) -> None:
    with terminal(home, *UP, "--json") as screen:
        assert screen.ended() == 0

    assert QUESTION not in screen.shown
    assert "install  " not in screen.shown


def test_where_nothing_would_change_nothing_is_asked(home: Home) -> None:
    home.up("demo", "tensorflow-cpu")
    with terminal(home, *UP) as screen:
        assert screen.ended() == 0

    assert QUESTION not in screen.shown
    assert "Nothing changed: demo is already what was asked for." in screen.shown


def test_without_a_terminal_nothing_is_asked_and_nothing_moves_a_cursor(home: Home) -> None:
    running = home.start(*UP)
    out, err = running.communicate(timeout=60)

    assert running.returncode == 0, err
    assert QUESTION not in err
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", out + err)
    err = TOOK.sub("took SOME;", err)
    assert [line for line in err.splitlines() if line and not line.startswith(("  ", "warn"))] == [
        "tensorflow-cpu 2.21.0: choosing what else it needs",
        "looking at how much is to be fetched",
        "Environment demo",
        f"making an environment with Python {PYTHON} in {home.environments}/demo/1",
        "installing the packages of the lock",
        "proving that it works",
        f"took SOME; log {home.logs[-1]}",
    ]


@pytest.mark.parametrize(
    ("term", "no_colour", "never"),
    [("dumb", "", r"\x1b"), ("xterm-256color", "1", r"\x1b\[[0-9;]*3[0-9]m")],
    ids=["dumb", "no colour"],
)
def test_what_a_terminal_cannot_or_may_not_show_is_left_out(
    term: str, no_colour: str, never: str, home: Home
) -> None:
    with terminal(home, *UP, "--yes", TERM=term, NO_COLOR=no_colour) as screen:
        assert screen.ended() == 0

    assert not re.search(never, screen.raw)


def test_a_narrow_terminal_breaks_nothing(home: Home) -> None:
    with terminal(home, *UP, "--yes", columns=40) as screen:
        assert screen.ended() == 0

    place = str(home.path)
    lines = [line for line in screen.shown.splitlines() if place not in line]
    assert max(map(len, lines)) <= 40, lines


@pytest.mark.parametrize("moment", ["choosing", "installing the packages", "proving"])
def test_ctrl_c_leaves_nothing_and_says_how_to_go_on(
    moment: str, home: Home, index: Loopback
) -> None:
    package(index, "sleeper", "1.0", "import time; time.sleep(600)\n")
    if moment == "choosing":
        index.gate.clear()
    with terminal(home, *UP, "sleeper", columns=300) as screen:
        if moment != "choosing":
            screen.wait_for(QUESTION)
            if moment.startswith("installing"):
                index.gate.clear()
            screen.press("y\r")
        screen.wait_for(moment)
        screen.press(CTRL_C)
        code = screen.ended()
    index.gate.set()

    assert code == 130
    assert screen.shown.rstrip().endswith(
        "Stopped: there is no environment demo. What was fetched whole is kept: the same command "
        "goes on from there."
    )
    assert list(home.environments.iterdir()) == []
    assert list((home.path / "uv").glob(".tmp*")) == []
    assert "stopped" in home.logs[-1].read_text().splitlines()[-1]


def test_ctrl_c_keeps_the_environment_of_before(home: Home, index: Loopback) -> None:
    home.up("demo", "tensorflow-cpu")
    package(index, "sleeper", "1.0", "import time; time.sleep(600)\n")
    with terminal(home, *UP, "sleeper", "--yes", columns=300) as screen:
        screen.wait_for("proving")
        screen.press(CTRL_C)
        code = screen.ended()

    assert code == 130
    assert "Stopped: demo is as it was." in screen.shown
    shown = home.run("env", "show", "demo", "--json").data["environment"]
    assert (shown["generation"], shown["verified"]) == (1, True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_terminal_that_is_closed_ends_it_too(home: Home, index: Loopback) -> None:
    package(index, "sleeper", "1.0", "import time; time.sleep(600)\n")
    running = home.start(*UP, "sleeper")
    assert running.stderr is not None
    while "proving" not in (line := running.stderr.readline()):
        assert line, running.communicate()
    running.send_signal(signal.SIGHUP)
    running.communicate(timeout=60)

    assert running.returncode == 130
    assert list(home.environments.iterdir()) == []


SLOW = "import os, time; time.sleep(float(os.environ.get('SLOW', '0')))\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("verify", "demo"), "Stopped: demo is unchanged."),
        (("verify",), "Stopped: nothing was changed."),
        (("bench", "demo"), "Stopped: demo is unchanged."),
    ],
)
def test_ctrl_c_in_what_only_looks_says_so(
    words: tuple[str, ...], said: str, home: Home, index: Loopback
) -> None:
    package(index, "slow", "1.0", SLOW)
    home.up("demo", "tensorflow-cpu", "slow")
    with terminal(home, *words, SLOW="60") as screen:
        screen.wait_for(BEGINS[words[0]])
        screen.press(CTRL_C)
        code = screen.ended()

    assert code == 130
    assert screen.shown.rstrip().endswith(said)


def test_ctrl_c_in_an_export_says_so(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.up("demo", "tensorflow-cpu")
    monkeypatch.setattr(
        "provisioner.bundle.export.export", lambda *_, **__: signal.raise_signal(signal.SIGTERM)
    )
    ran = home.run("env", "export", "demo")

    assert (ran.code, ran.err) == (130, "\nStopped: demo is unchanged.\n")
