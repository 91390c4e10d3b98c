"""The one door to other programs: limits, errors, and no program left behind."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.errors import OutsideError
from provisioner.process import ProgramTimedOutError, run

Write = Callable[[str, str], Path]


def test_output_and_status_come_back() -> None:
    done = run(["/bin/sh", "-c", "echo out; echo err >&2; exit 9"], timeout=10)

    assert (done.returncode, done.stdout, done.stderr) == (9, "out\n", "err\n")


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(OutsideError) as caught:
        run(["no-such-program", "--version"], timeout=10)

    assert caught.value.reference == "program-not-found"
    assert caught.value.message == "no-such-program was not found."
    assert caught.value.context == ("command  no-such-program --version",)
    assert caught.value.exit_code == 3


def test_a_file_that_is_no_program_is_said_to_be_none(tmp_path: Path) -> None:
    file = tmp_path / "garbage"
    file.write_bytes(b"\x00\x01\x02")
    file.chmod(0o755)

    with pytest.raises(OutsideError) as caught:
        run([str(file)], timeout=10)

    assert caught.value.reference == "program-not-runnable"


def test_bytes_that_are_no_text_decode_all_the_same() -> None:
    done = run([sys.executable, "-c", r"import os; os.write(1, b'a\xff\xfeb')"], timeout=10)

    assert done.stdout == "a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}b"


def test_the_locale_is_c_whatever_the_caller_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_MESSAGES", "de_DE.UTF-8")
    monkeypatch.setenv("LANGUAGE", "de")

    done = run(["/bin/sh", "-c", "echo $LC_ALL,$LANG,$LC_MESSAGES,$LANGUAGE"], timeout=10)

    assert done.stdout == "C,C,,\n"


def test_a_flood_of_output_is_cut_and_does_not_block() -> None:
    flood = "import sys; sys.stdout.write('x' * 3_000_000); sys.stderr.write('y' * 3_000_000)"

    done = run([sys.executable, "-c", flood], timeout=60, output_limit=1000)

    assert (done.returncode, len(done.stdout), len(done.stderr)) == (0, 1000, 1000)


def test_a_program_has_no_input_to_wait_for() -> None:
    assert run(["/bin/cat"], timeout=10).stdout == ""


def test_time_out_ends_the_whole_process_group(tmp_path: Path) -> None:
    script = f"sleep 300 & echo $! > {tmp_path}/grandchild; echo told; wait"

    with pytest.raises(ProgramTimedOutError) as caught:
        run(["/bin/sh", "-c", script], timeout=0.5)

    assert caught.value.reference == "program-timed-out"
    assert caught.value.partial.stdout == "told\n"
    assert is_gone(int((tmp_path / "grandchild").read_text()))


def test_a_grandchild_that_keeps_the_pipes_open_is_not_waited_for() -> None:
    done = run(["/bin/sh", "-c", "sleep 20 & echo $!"], timeout=15)

    assert done.returncode == 0
    os.kill(int(done.stdout), 9)


def is_gone(pid: int) -> bool:
    """Whether the process ends within some seconds; a zombie has ended."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False
