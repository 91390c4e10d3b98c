"""JupyterLab of an environment is served to this machine alone, behind a token that never shows."""

from __future__ import annotations

import os
import pwd
import re
import signal
import socket
import stat
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.cli.environments import Home, digest
from tests.cli.serving import (
    asked,
    calls,
    first_answer,
    free,
    kill,
    says,
    serve,
    systemctl,
    token,
    unit,
)

STARTED = """\
JupyterLab of lab answers, and asks for its token.

JupyterLab of lab
  open          http://127.0.0.1:{port}/lab
  token         in {token}; shown by: dlsetup env serve lab --status --token
  from afar     ssh -N -L {port}:127.0.0.1:{port} {user}@{host}
                on the other machine; then open the same address there
  shows         {folder}
  says          journalctl --user --unit dlsetup-lab
  stop it       dlsetup env serve lab --stop
  after logout  it ends; to have it go on, and start with the machine: loginctl enable-linger {user}
"""


FOREGROUND = """\
JupyterLab of lab starts here, until Ctrl-C ends it.

JupyterLab of lab
  open       http://127.0.0.1:{port}/lab
  token      in {token}; shown by: dlsetup env serve lab --status --token
  from afar  ssh -N -L {port}:127.0.0.1:{port} {user}@{host}
             on the other machine; then open the same address there
  shows      {folder}
"""


def told(home: Home, port: int, folder: object, text: str = STARTED) -> str:
    return text.format(
        port=port,
        token=token(home),
        user=pwd.getpwuid(os.geteuid()).pw_name,
        host=os.uname().nodename,
        folder=folder,
    )


def test_it_answers_behind_its_token_and_a_second_call_changes_nothing(home: Home) -> None:
    port = free()
    first = serve(home, "--port", str(port))
    before = digest(home.path / "config"), digest(home.path / "data"), calls(home)
    second = serve(home)
    word = token(home).read_text()
    status, answer = asked(port, word)

    assert (first.code, first.out, first.err) == (0, told(home, port, home.path), "")
    assert asked(port) == (403, None)
    assert (status, answer["prefix"]) == (200, f"{home.environments}/lab/1")
    assert answer["words"]["ServerApp.ip"] == "127.0.0.1"
    assert answer["words"]["ServerApp.port_retries"] == "0"
    assert answer["words"]["ServerApp.root_dir"] == str(home.path)
    assert second.out == "JupyterLab of lab runs.\n" + first.out.partition("\n")[2]
    assert (digest(home.path / "config"), digest(home.path / "data"), calls(home)) == before
    assert calls(home) == [
        "--user daemon-reload",
        "--user enable dlsetup-lab.service",
        "--user restart dlsetup-lab.service",
    ]


def test_the_token_is_in_one_private_file_and_shows_only_where_it_is_asked_for(home: Home) -> None:
    port = free()
    started = serve(home, "--port", str(port), "--json")
    word = token(home).read_text()
    seen = serve(home, "--token", "--json").data["service"]
    lines = subprocess.run(["ps", "auxww"], capture_output=True, text=True, check=True).stdout
    environs = [
        path.read_bytes()
        for path in Path("/proc").glob("[0-9]*/environ")
        if b"dlsetup/envs/lab" in (path.parent / "cmdline").read_bytes()
    ]

    assert re.fullmatch(r"[\w-]{43}", word)
    assert stat.S_IMODE(token(home).stat().st_mode) == 0o600
    assert stat.S_IMODE(token(home).parent.stat().st_mode) == 0o700
    assert "dlsetup/envs/lab" in lines
    assert environs
    for text in (started.out, started.err, lines, unit(home).read_text(), says(home)):
        assert word not in text
    assert not [text for text in environs if word.encode() in text]
    assert (seen["token"], seen["url"]) == (word, f"http://127.0.0.1:{port}/lab?token={word}")
    assert f"  token         {word}\n" in serve(home, "--token").out


def test_programs_are_told_the_same(home: Home) -> None:
    port = free()
    made = serve(home, "--port", str(port), "--json").data
    status = serve(home, "--status", "--json")
    shown = home.run("env", "show", "lab", "--json", **systemctl(home)).data
    text = home.run("env", "show", "lab", **systemctl(home)).out
    stopped = serve(home, "--stop", "--json").data
    gone = serve(home, "--status", "--json")
    at = made["service"]

    assert made["changed"] is True
    assert (status.code, status.data) == (0, {"service": at, "changed": False, "foreground": []})
    assert (at["environment"], at["port"], at["state"]) == ("lab", port, "active")
    assert (at["url"], at["unit"]) == (f"http://127.0.0.1:{port}/lab", str(unit(home)))
    assert at["tunnel"].startswith(f"ssh -N -L {port}:127.0.0.1:{port} ")
    assert at["token_file"] == str(token(home))
    assert "token" not in at
    assert shown["service"] == at
    assert text.endswith(f"\nIn Jupyter\n  service  active, {at['url']}\n")
    assert stopped == {"service": None, "changed": True}
    assert (gone.code, gone.data) == (1, {"service": None, "changed": False, "foreground": []})


def without_compiled(files: dict[str, str]) -> dict[str, str]:
    """What is left but for what Python compiled while it ran."""
    return {name: held for name, held in files.items() if "__pycache__" not in name}


def test_one_that_does_not_run_is_said_and_starts_again(home: Home) -> None:
    port = free()
    serve(home, "--port", str(port))
    kill(home)
    down = serve(home, "--status")
    up = serve(home)

    assert down.code == 1
    assert down.out.startswith("JupyterLab of lab does not run: its service is failed.\n\n")
    assert up.out == told(home, port, home.path)


def test_a_token_that_was_taken_away_is_made_anew(home: Home) -> None:
    port = free()
    serve(home, "--port", str(port))
    before = token(home).read_text()
    token(home).unlink()
    ran = serve(home)

    assert ran.code == 0, ran.err
    assert token(home).read_text() != before
    assert asked(port, before)[0] == 403
    assert asked(port, token(home).read_text())[0] == 200


def test_stopping_leaves_nothing(home: Home) -> None:
    port = free()
    before = digest(home.path / "data")
    serve(home, "--port", str(port))
    stopped, again = serve(home, "--stop"), serve(home, "--stop")

    assert (stopped.code, stopped.out) == (0, "The service of lab is gone.\n")
    assert (again.code, again.out) == (0, "lab has no service.\n")
    assert not unit(home).exists()
    assert without_compiled(digest(home.path / "data")) == without_compiled(before)
    with pytest.raises(urllib.error.URLError):
        asked(port)


def test_removing_the_environment_stops_its_service(home: Home) -> None:
    port = free()
    serve(home, "--port", str(port))
    removed = home.run("env", "remove", "lab", **systemctl(home))

    assert (removed.code, removed.out) == (0, "lab is gone.\n")
    assert not unit(home).exists()
    assert not token(home).exists()
    with pytest.raises(urllib.error.URLError):
        asked(port)


def test_a_service_that_shows_another_generation_than_the_current_one_is_said(home: Home) -> None:
    settings = systemctl(home)
    serve(home, "--port", str(free()))
    words = ("jupyterlab", "ipykernel", "tensorflow-cpu")
    ran = home.up("lab", *words, "--json", **settings)
    warnings = {item["reference"]: item["message"] for item in ran.document["warnings"]}
    back = home.run("env", "rollback", "lab", **settings)

    assert ran.code == 0, ran.out
    assert warnings["service-not-restarted"] == (
        f"JupyterLab of lab runs on with {home.environments}/lab/1/bin/python. When its notebooks "
        "may end: systemctl --user restart dlsetup-lab.service"
    )
    # It never left the generation that is the current one again.
    assert (back.code, back.err) == (0, "")


def test_a_port_that_is_taken_is_refused_if_named_and_passed_over_if_not(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = serve(home, "--port", str(port))
        left_by_the_refusal = token(home).exists() or unit(home).exists()
    with socket.socket() as first:
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            first.bind(("127.0.0.1", 8888))
            first.listen()
        except OSError:
            pass  # somebody else has it, which does as well
        found = serve(home, "--json").data["service"]["port"]

    assert refused.code == 1
    assert not left_by_the_refusal
    assert refused.err == (
        "error: port-taken\n\n"
        f"Something else listens on port {port} of this machine.\n\n"
        "hint: Name another with --port.\n"
    )
    assert 8888 < found <= 8988


def test_port_and_folder_can_be_changed(home: Home) -> None:
    first, other = free(), home.path / "note books %h $HOME"
    other.mkdir()
    serve(home, "--port", str(first))
    second = free()
    ran = serve(home, "--port", str(second), "--folder", str(other))
    again = serve(home, "--json").data

    assert ran.out == told(home, second, other)
    _, answer = asked(second, token(home).read_text())
    assert answer["words"]["ServerApp.root_dir"] == str(other)
    assert (again["changed"], again["service"]["port"]) == (False, second)
    with pytest.raises(urllib.error.URLError):
        asked(first)


def test_the_foreground_serves_the_same_way(home: Home) -> None:
    port = free()
    running = home.start("env", "serve", "lab", "--foreground", "--port", str(port))
    assert running.stdout is not None
    lines = [running.stdout.readline() for _ in range(8)]
    locked = first_answer(port)
    word = token(home).read_text()
    let_in = asked(port, word)[0]
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=30)

    assert "".join(lines) == told(home, port, home.path, FOREGROUND)
    assert (locked[0], let_in) == (403, 200)
    assert word not in err
    assert running.returncode == 0

    assert home.run("env", "remove", "lab").code == 0
    assert not token(home).parent.exists()
