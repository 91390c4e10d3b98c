"""``env shell`` opens the user's own shell inside, whatever that shell's settings do to PATH."""

from __future__ import annotations

import os
import pty
import select
import shutil
import sys
import time
from pathlib import Path

import pytest

from tests.cli.environments import CHECKOUT, Home, tensorflow
from tests.unit.upkeep.loopback import Loopback

_LONGEST_S = 20.0


@pytest.fixture
def home(index: Loopback, tmp_path: Path) -> Home:
    tensorflow(index)
    made = Home(tmp_path, index)
    assert made.up("demo", "tensorflow-cpu").code == 0
    other = tmp_path / "other"
    other.mkdir()
    (other / "python").write_text("#!/bin/sh\necho the wrong one\n")
    (other / "python").chmod(0o755)
    return made


def typed(home: Home, text: str, **settings: str) -> tuple[int, str]:
    """What a person sees on a terminal who types that, and the exit code."""
    pid, terminal = pty.fork()
    if pid == 0:
        env = {**home.settings, "PYTHONPATH": str(CHECKOUT), "TERM": "dumb", **settings}
        words = [sys.executable, "-m", "provisioner", "env", "shell", "demo"]
        os.chdir(home.path)
        os.execve(words[0], words, env)  # noqa: S606 - its terminal is the point
    os.write(terminal, text.encode())
    seen, ends = b"", time.monotonic() + _LONGEST_S
    while time.monotonic() < ends:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            chunk = os.read(terminal, 4096)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode()


ASKS = 'echo "<$VIRTUAL_ENV>"; python -c "import sys; print(sys.prefix)"; exit 41\n'


@pytest.mark.parametrize("name", ["bash", "sh", "zsh", "fish"])
def test_it_is_the_users_shell_and_its_exit_code_passes_through(name: str, home: Home) -> None:
    if (shell := shutil.which(name)) is None:
        pytest.skip(f"there is no {name}")
    harm = f'PATH="{home.path}/other:$PATH"; PS1="mine> "\n'
    for settings in (".bashrc", ".zshrc"):
        (home.path / settings).write_text(harm)
    fish = home.path / "config" / "fish"
    fish.mkdir(parents=True)
    (fish / "config.fish").write_text(f"set -gx PATH {home.path}/other $PATH\n")
    code, seen = typed(home, ASKS, SHELL=shell)
    place = home.environments / "demo" / "1"

    assert code == 41, seen
    assert f"\n{place}\r" in seen
    assert f"<{place}>" in seen
    assert "(demo)" in seen or name == "fish"
    assert "the wrong one" not in seen


@pytest.mark.parametrize("shell", ["", "/no/such/shell", "bash", "/bin/false"])
def test_where_no_shell_is_named_that_runs_a_plain_one_stands_in(shell: str, home: Home) -> None:
    code, seen = typed(home, ASKS, SHELL=shell)

    assert (code, f"\n{home.environments}/demo/1\r" in seen) == (41, True), seen


def test_a_shell_in_its_own_shell_is_refused(home: Home) -> None:
    inside = str(home.environments / "demo" / "1")
    code, seen = typed(home, "", SHELL="/bin/sh", VIRTUAL_ENV=inside)

    assert code == 1
    assert " ".join(seen.split()) == (
        "error: already-inside This shell is in the environment demo already. "
        f"it is in {inside} hint: Leave it first: exit"
    )


NO_TERMINAL = """\
error: no-terminal

A shell needs a terminal, and there is none.

hint: Run a program instead: dlsetup env run demo -- CMD
"""


def test_without_a_terminal_there_is_no_shell(home: Home) -> None:
    running = home.start("env", "shell", "demo")
    out, err = running.communicate(timeout=30)

    assert (running.returncode, out, err) == (1, "", NO_TERMINAL)
