"""A leashed program ends with whoever asked for it, however that ends, with what it started."""

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

CHECKOUT = Path(__file__).resolve().parents[2]
_SOON_S = 10.0

ASKER = """
import sys
from provisioner import process
process.run(["sh", "-c", sys.argv[1]], timeout=600, leashed=True)
"""


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
def test_a_killed_asker_takes_the_program_and_its_children_along(tmp_path: Path) -> None:
    told = tmp_path / "pids"
    program = f"sleep 600 & echo $$ $! > {told}.new; mv {told}.new {told}; wait"
    asker = subprocess.Popen([sys.executable, "-c", ASKER, program], cwd=CHECKOUT)
    ends = time.monotonic() + _SOON_S
    while not told.exists() and time.monotonic() < ends:
        time.sleep(0.01)
    pids = [int(word) for word in told.read_text().split()]
    assert all(map(lives, pids))
    asker.send_signal(signal.SIGKILL)
    asker.wait()
    while any(map(lives, pids)) and time.monotonic() < ends:
        time.sleep(0.01)

    assert [pid for pid in pids if lives(pid)] == []


def test_its_words_and_its_exit_code_pass_through() -> None:
    program = "printf '%s|' \"$@\"; echo oops >&2; read line || echo no input; exit 41"
    done = process.run(["sh", "-c", program, "sh", "$(x) '", ""], timeout=60, leashed=True)

    assert done == process.Completed(41, "$(x) '||no input\n", "oops\n")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_the_signal_that_ends_it_is_told(number: signal.Signals) -> None:
    done = process.run(["sh", "-c", f"kill -{number.value} $$"], timeout=60, leashed=True)

    assert done.returncode == -number


def test_a_closed_pipe_ends_it_as_in_any_shell() -> None:
    done = process.run(["grep", "SigIgn", "/proc/self/status"], timeout=60, leashed=True)

    assert int(done.stdout.split()[1], 16) & (1 << (signal.SIGPIPE - 1)) == 0


def test_its_time_limit_ends_what_it_started_too(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    program = f"sleep 600 & echo $! > {told}; wait"
    with pytest.raises(process.ProgramTimedOutError):
        process.run(["sh", "-c", program], timeout=0.5, leashed=True)

    assert not lives(int(told.read_text()))


@pytest.mark.parametrize(
    ("there", "reference"), [(False, "program-not-found"), (True, "program-not-runnable")]
)
def test_a_program_that_cannot_run_is_named(there: bool, reference: str, tmp_path: Path) -> None:
    program = tmp_path / "program"
    if there:
        program.touch()
    with pytest.raises(OutsideError) as caught:
        process.run([os.fspath(program)], timeout=60, leashed=True)

    assert caught.value.reference == reference
