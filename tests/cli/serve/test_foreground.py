"""JupyterLab in the foreground is known while it runs, and one Ctrl-C ends it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.cli.environments import Home
from tests.cli.serving import asked, first_answer, free, serve, systemctl, token, unit
from tests.cli.terminal import CTRL_C, terminal


@pytest.fixture
def port() -> int:
    return free()


@pytest.fixture
def running(home: Home, port: int) -> Iterator[subprocess.Popen[str]]:
    words = ("env", "serve", "lab", "--foreground", "--port", str(port))
    started = home.start(*words, **systemctl(home))
    first_answer(port)
    yield started
    started.kill()
    started.communicate(timeout=30)


def test_one_ctrl_c_at_a_terminal_ends_it(home: Home, port: int) -> None:
    with terminal(home, "env", "serve", "lab", "--foreground", "--port", str(port)) as at:
        at.wait_for("serving")
        assert first_answer(port)[0] == 403
        at.press(CTRL_C)
        code = at.ended()

    assert code == 0
    assert "resuming" not in at.shown


def test_status_tells_of_it_and_shows_its_token(
    home: Home, port: int, running: subprocess.Popen[str]
) -> None:
    word = token(home).read_text()
    status = serve(home, "--status")
    program = serve(home, "--status", "--json")
    shown = home.run("env", "show", "lab", **systemctl(home)).out
    (at,) = program.data["foreground"]

    assert status.code == program.code == 0
    assert status.out.startswith(
        f"JupyterLab of lab is served in the foreground: process {running.pid}, port {port}.\n\n"
        f"JupyterLab of lab\n  open       http://127.0.0.1:{port}/lab\n"
    )
    assert f"  end it     Ctrl-C in its terminal, or: kill {running.pid}\n" in status.out
    assert (program.data["service"], at["process"], at["port"]) == (None, running.pid, port)
    assert f"\n  foreground  process {running.pid}, http://127.0.0.1:{port}/lab\n" in shown
    for words in (("--token",), ("--status", "--token")):
        ran = serve(home, *words)
        assert ran.code == 0
        assert f"  token      {word}\n" in ran.out
    assert not unit(home).exists()


def test_its_environment_is_not_removed_while_it_runs(
    home: Home, port: int, running: subprocess.Popen[str]
) -> None:
    refused = home.run("env", "remove", "lab", **systemctl(home))
    still = asked(port, token(home).read_text())[0]
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=30)

    assert refused.code == 1
    assert refused.err == (
        "error: environment-in-use\n\n"
        "JupyterLab of lab is served in the foreground.\n\n"
        f"  process {running.pid}, port {port}\n\n"
        f"hint: End it with Ctrl-C in its terminal, or: kill {running.pid}\n"
    )
    assert still == 200
    assert serve(home, "--status").code == 1
    assert home.run("env", "remove", "lab", **systemctl(home)).code == 0


def test_stopping_the_service_says_that_it_goes_on(
    home: Home, port: int, running: subprocess.Popen[str]
) -> None:
    stopped = serve(home, "--stop")

    assert (stopped.code, stopped.out) == (0, "lab has no service.\n")
    assert stopped.err == (
        f"JupyterLab of lab is served in the foreground: process {running.pid}, port {port}; "
        f"end it: kill {running.pid}\n"
    )


def test_a_service_is_none_in_the_foreground(home: Home, port: int) -> None:
    serve(home, "--port", str(port))
    data = serve(home, "--status", "--json").data

    assert (data["service"]["port"], data["foreground"]) == (port, [])


SEVERAL = "Say one of --foreground, --status and --stop."
PLACED = "--port and --folder say how to serve it: neither --status nor --stop takes them."


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--stop", "--foreground"), SEVERAL),
        (("--status", "--stop"), SEVERAL),
        (("--foreground", "--status"), SEVERAL),
        (("--stop", "--port", "9000"), PLACED),
        (("--status", "--folder", "/"), PLACED),
        (("--stop", "--token"), "--stop forgets the token, and shows none: leave out --token."),
    ],
)
def test_what_excludes_each_other_is_refused(
    words: tuple[str, ...], sentence: str, home: Home
) -> None:
    ran = serve(home, *words)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[:3] == ["error: bad-usage", "", sentence]
    assert not unit(home).exists()
    assert not token(home).exists()
