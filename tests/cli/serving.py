"""Stand-ins for what ``env serve`` meets: a JupyterLab of a few lines, and a systemctl.

The real ones are in tests/integration/test_jupyter.py.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from provisioner.jupyter import loopback
from tests.cli.environments import Home, package, tensorflow
from tests.cli.ran import Ran
from tests.unit.upkeep.loopback import Loopback
from tests.unit.upkeep.wheels import installable

LAB = '''
import http.server
import json
import os
import select
import signal
import sys


def asked_first(signum, frame):
    """At a terminal Jupyter asks whether Ctrl-C was meant, and goes on without an answer."""
    print("Shutdown this Jupyter server (y/[n])?", flush=True)
    if not select.select([sys.stdin], [], [], 1)[0]:
        print("resuming operation...", flush=True)


class LabApp:
    """Answers as Jupyter's server does: what is asked needs the token."""

    @staticmethod
    def launch_instance(argv):
        words = dict(word.removeprefix("--").partition("=")[::2] for word in argv)
        token = words.pop("IdentityProvider.token", None) or words.pop("ServerApp.token")

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                let_in = self.headers["Authorization"] == "token " + token
                if os.environ.get("STAND_IN") == "open":
                    let_in = True
                self.send_response(200 if let_in else 403)
                self.end_headers()
                told = {"words": words, "prefix": sys.prefix, "argv": sys.argv}
                self.wfile.write(json.dumps(told).encode())

        if os.environ.get("STAND_IN") == "broken":
            sys.exit("no module named something")
        place = words["ServerApp.ip"], int(words["ServerApp.port"])
        print("serving, token=...", file=sys.stderr, flush=True)
        server = http.server.HTTPServer(place, Answer)
        if sys.stdin.isatty() and words.get("ServerApp.answer_yes") != "True":
            signal.signal(signal.SIGINT, asked_first)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
'''

SYSTEMCTL = """\
#!{python}
import os, shlex, signal, subprocess, sys
from pathlib import Path

state = Path({state!r})
state.mkdir(exist_ok=True)
verb, *words = [word for word in sys.argv[1:] if word not in ("--user", "--now")]
with (state / "calls").open("a") as calls:
    print(*sys.argv[1:], file=calls)
if os.environ.get("STAND_IN") == "no session":
    sys.exit("Failed to connect to bus: No medium found")
name = words[-1] if words else ""
unit = Path(os.environ["XDG_CONFIG_HOME"], "systemd", "user", name)
pid = state / (name + ".pid")


def runs():
    try:
        os.kill(int(pid.read_text()), 0)
    except (OSError, ValueError):
        return False
    return "\\nState:\\tZ" not in Path("/proc", pid.read_text(), "status").read_text()


def stop():
    if pid.exists():
        if runs():
            os.kill(int(pid.read_text()), signal.SIGKILL)
        pid.unlink()


if os.environ.get("STAND_IN") == "refuses " + verb:
    sys.exit("Failed to " + verb + ": Access denied")
if verb == "is-active":
    print("active" if runs() else "failed" if pid.exists() else "inactive")
elif verb == "show":
    print(pid.read_text() if runs() else 0)
elif verb == "disable":
    stop()
elif verb == "restart":
    stop()
    (line,) = [line for line in unit.read_text().splitlines() if line.startswith("ExecStart=")]
    command = shlex.split(line.partition("=")[2].replace("%%", "%").replace("$$", "$"))
    log = (state / "log").open("a")
    started = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    )
    pid.write_text(str(started.pid))
"""


def lab(index: Loopback) -> None:
    """Put a jupyterlab on the index."""
    members = {"jupyterlab/__init__.py": "", "jupyterlab/labapp.py": LAB}
    name, data = installable("jupyterlab", "4.6.6", members)
    index.add("jupyterlab", name, data)
    package(index, "ipykernel", "7.1.0", "")


def systemctl(home: Home) -> dict[str, str]:
    """Put a systemctl on a PATH, and return the settings with it."""
    folder = home.path / "bin"
    folder.mkdir(exist_ok=True)
    program = folder / "systemctl"
    text = SYSTEMCTL.format(python=sys.executable, state=str(home.path / "systemd"))
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def calls(home: Home) -> list[str]:
    """What systemctl was told to do, without what only looks."""
    told = (home.path / "systemd" / "calls").read_text(encoding="utf-8").splitlines()
    looks = ("--user is-active", "--user show")
    return [line for line in told if not line.startswith(looks)]


def says(home: Home) -> str:
    """What the service wrote."""
    return (home.path / "systemd" / "log").read_text(encoding="utf-8")


def unit(home: Home) -> Path:
    return home.path / "config" / "systemd" / "user" / "dlsetup-lab.service"


def token(home: Home) -> Path:
    return home.path / "data" / "dlsetup" / "tokens" / "lab"


def kill(home: Home) -> None:
    """End the service as a crash would."""
    pid = int((home.path / "systemd" / "dlsetup-lab.service.pid").read_text(encoding="utf-8"))
    os.kill(pid, signal.SIGKILL)


def furnish(index: Loopback) -> None:
    tensorflow(index)
    lab(index)


def serve(home: Home, *words: str, **settings: str) -> Ran:
    return home.run("env", "serve", "lab", *words, **systemctl(home), **settings)


def free() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def asked(port: int, word: str = "") -> tuple[int, Any]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/status")
    if word:
        request.add_header("Authorization", f"token {word}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, None


def first_answer(port: int) -> tuple[int, Any]:
    end = time.monotonic() + 30
    while loopback.status(port, "/") is None and time.monotonic() < end:
        time.sleep(0.1)
    return asked(port)
