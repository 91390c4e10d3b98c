"""A program that has the terminal: its words are kept and heard, and it comes to its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from provisioner import process
from provisioner.errors import OutsideError


def test_its_lines_are_heard_and_kept(tmp_path: Path) -> None:
    said: list[str] = []
    log = tmp_path / "log"
    words = "echo one; echo two >&2; printf three; exit 7"
    ended = process.attended(("sh", "-c", words), log=log, hear=said.append)

    assert (ended.returncode, ended.interrupted) == (7, False)
    assert said == ["one", "two", "three"]
    assert log.read_text() == "one\ntwo\nthree"


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match="no-such-program was not found"):
        process.attended(("no-such-program",), log=tmp_path / "log", hear=print)


CALLER = """
import sys
from pathlib import Path
from provisioner import process
words = ("sh", "-c", "trap 'echo asked; exit 130' TERM; echo up; sleep 1; sleep 1; echo end")
ended = process.attended(words, log=Path(sys.argv[1]), hear=lambda line: print(line, flush=True))
print(ended.returncode, ended.interrupted)
"""


def test_after_an_interruption_it_is_waited_for(tmp_path: Path) -> None:
    with caller(tmp_path) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "up\n"
        running.send_signal(signal.SIGINT)
        said = running.stdout.read()

    assert said == "asked\n130 True\n"


def test_it_outlives_its_caller(tmp_path: Path) -> None:
    with caller(tmp_path) as running:
        assert running.stdout is not None
        running.stdout.readline()
        running.kill()
    end = time.monotonic() + 20
    while "end" not in (tmp_path / "log").read_text():
        assert time.monotonic() < end
        time.sleep(0.1)


def caller(tmp_path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        (sys.executable, "-c", CALLER, str(tmp_path / "log")),
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        stdout=subprocess.PIPE,
        text=True,
    )
