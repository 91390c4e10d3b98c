"""A program that takes long is heard line by line, and ended only where it is dead."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from provisioner import process

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="signs of life are read from /proc")
COMPUTES = "import time\nend = time.monotonic() + 2.5\nwhile time.monotonic() < end: pass"


def watched(source: str, *, quiet_limit: float = 30.0) -> tuple[process.Completed, list[str]]:
    heard: list[str] = []
    argv = [sys.executable, "-c", source]
    done = process.watched(argv, quiet_limit=quiet_limit, hear=heard.append)
    return done, heard


def test_each_line_of_both_streams_is_heard_and_kept() -> None:
    done, heard = watched(
        "import sys; print('one'); print('two', file=sys.stderr); sys.stdout.write('last')"
    )

    assert sorted(heard) == ["last", "one", "two"]
    assert (done.returncode, done.stdout, done.stderr) == (0, "one\nlast", "two\n")


def test_a_line_is_heard_while_the_program_still_runs(tmp_path: Path) -> None:
    # It goes on only after its first line was heard.
    go = tmp_path / "go"
    source = (
        "import os, time; print('here', flush=True)\n"
        f"while not os.path.exists({str(go)!r}): time.sleep(0.01)\n"
    )
    argv = [sys.executable, "-c", source]
    done = process.watched(argv, quiet_limit=30, hear=lambda _: go.touch())

    assert done.returncode == 0


def test_what_moves_a_cursor_or_colours_is_not_heard() -> None:
    _, heard = watched(r"print('\x1b[2K\x1b[1mred\x1b[0m\x07 1%\r2%\r\n\n é')")

    assert heard == ["red 1%", "2%", " é"]


def test_a_line_without_an_end_is_heard_in_pieces() -> None:
    _, heard = watched("import sys; sys.stdout.write('x' * 300_000)")

    assert len(heard) > 1
    assert "".join(heard) == "x" * 300_000


@LINUX
def test_what_says_nothing_and_does_nothing_is_ended() -> None:
    began = time.monotonic()
    with pytest.raises(process.ProgramTimedOutError) as caught:
        watched("import time; time.sleep(600)", quiet_limit=0.5)

    assert time.monotonic() - began < 20
    assert "neither said nor did anything for 0.5 seconds" in caught.value.message


@LINUX
@pytest.mark.parametrize(
    "source",
    [
        COMPUTES,
        "import time\nfor _ in range(25): print('x', flush=True); time.sleep(0.1)",
        f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {COMPUTES!r}])",
    ],
    ids=["computes", "speaks", "waits for a child that computes"],
)
def test_what_shows_a_sign_of_life_may_take_longer_than_the_limit(source: str) -> None:
    done, _ = watched(source, quiet_limit=0.4)

    assert done.returncode == 0


@LINUX
def test_what_it_has_written_is_told_now_and_then(tmp_path: Path) -> None:
    told: list[int | None] = []
    source = (
        f"import time; open({str(tmp_path / 'x')!r}, 'wb').write(bytes(5_000_000)); time.sleep(0.6)"
    )
    argv = [sys.executable, "-c", source]
    process.watched(argv, quiet_limit=30, hear=print, beat=told.append)

    assert len(told) > 1
    assert 5_000_000 <= max(filter(None, told)) < 5_200_000


def test_ctrl_c_ends_the_program_too(tmp_path: Path) -> None:
    def interrupt(_: str) -> None:
        signal.raise_signal(signal.SIGINT)

    left = tmp_path / "left"
    source = f"import time; print('go', flush=True); time.sleep(2); open({str(left)!r}, 'w')"
    with pytest.raises(KeyboardInterrupt):
        process.watched([sys.executable, "-c", source], quiet_limit=30, hear=interrupt)
    time.sleep(2.5)

    assert not left.exists()


DROPS = """
import signal, sys, weakref
from provisioner import process

class Held: pass

with process.stop.heard():
    held = Held()
    weakref.finalize(held, signal.raise_signal, signal.SIGTERM)
    del held  # Python prints what is raised here, and goes on
    print("dropped", flush=True)
    try:
        process.run(["sleep", "60"], timeout=60)
    except KeyboardInterrupt:
        process.run(["true"], timeout=60)
        print("stopped, and a program put things back")
"""


def test_signals_are_heard_only_for_a_while() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with contextlib.suppress(KeyboardInterrupt), process.stop.heard():
        signal.raise_signal(signal.SIGTERM)

    assert signal.getsignal(signal.SIGTERM) is before
    process.stop.look()


def test_a_signal_that_python_drops_is_not_lost() -> None:
    done = process.run([sys.executable, "-c", DROPS], timeout=30)

    assert done.stdout == "dropped\nstopped, and a program put things back\n"
    assert "Exception ignored in" in done.stderr


SPEAKS = """
import sys, time
time.sleep(0.6)
sys.stdout.write("x" * 60_000); sys.stderr.write("y" * 60_000)
"""
LISTENS = """
import sys
from provisioner import process
print("here", flush=True)
argv = [sys.executable, "-c", {source!r}]
done = {call}
print(done.returncode, len(done.stdout), len(done.stderr), flush=True)
"""


@LINUX
@pytest.mark.parametrize(
    ("call", "source", "told"),
    [
        ("process.run(argv, timeout=2)", SPEAKS, "0 60000 60000"),
        ("process.run(argv, timeout=2, leashed=True)", SPEAKS, "0 60000 60000"),
        ("process.watched(argv, quiet_limit=1.5, hear=len)", SPEAKS, "0 60000 60000"),
        (
            "process.run(argv, timeout=2)",
            "import os, time; os.close(1); os.close(2); time.sleep(3.8)",
            "0 0 0",
        ),
    ],
    ids=["run", "leashed", "watched", "says nothing"],
)
def test_who_was_stopped_meanwhile_hears_all_and_takes_no_time_from_it(
    call: str, source: str, told: str
) -> None:
    """As Ctrl-Z and fg do: the program goes on in its session, and ends before we go on."""
    words = [sys.executable, "-c", LISTENS.format(call=call, source=source)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as listens:
        assert listens.stdout is not None
        assert listens.stdout.readline() == "here\n"
        time.sleep(0.3)
        listens.send_signal(signal.SIGSTOP)
        time.sleep(3)
        listens.send_signal(signal.SIGCONT)
        out, _ = listens.communicate(timeout=30)

    assert out == told + "\n"


def test_what_a_program_that_lives_on_says_is_not_waited_for() -> None:
    source = "import subprocess; print('said', flush=True); subprocess.Popen(['sleep', '20'])"
    began = time.monotonic()
    done = process.run([sys.executable, "-c", source], timeout=30)

    assert (done.stdout, time.monotonic() - began < 10) == ("said\n", True)
