"""A real JupyterLab as a real service of systemd, and a real kernel, both of an environment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SESSION = """
set -eu
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system "/run/user/$(id -u)"
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /sys/fs/cgroup/dlsetup-test
echo $$ > /sys/fs/cgroup/dlsetup-test/cgroup.procs
export XDG_RUNTIME_DIR="/run/user/$(id -u)"
# Not in this shell's place: as process 1 it would be the system's manager.
/lib/systemd/systemd --user --log-target=console &
wait
"""
SWEEP = """
mount -t cgroup2 cgroup2 /sys/fs/cgroup
find /sys/fs/cgroup/dlsetup-test -depth -type d -exec rmdir {} +
"""
KERNEL = """
import sys
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="dlsetup-lab", startup_timeout=120)
client.execute_interactive("import sys; print('runs in', sys.prefix)", timeout=60)
manager.interrupt_kernel()
client.execute_interactive("print('and goes on')", timeout=60)
client.stop_channels()
manager.shutdown_kernel()
print("ended" if not manager.is_alive() else "still there")
"""


class Place:
    """A user's home with an environment of the profile jupyter, made from the default index."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.env = {
            **{name: word for name, word in os.environ.items() if not name.startswith("JUPYTER_")},
            "HOME": str(path),
            "PYTHONPATH": str(CHECKOUT),
            "DLSETUP_HOME": str(path / "home"),
            "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv")),
            "XDG_DATA_HOME": str(path / "data"),
            "XDG_CONFIG_HOME": str(path / ".config"),
        }
        self.enter: tuple[str, ...] = ()

    def run(self, *words: str, code: int = 0) -> str:
        command = [*self.enter, sys.executable, "-m", "provisioner", *words]
        return self.do(command, code=code)

    def do(self, command: list[str], *, code: int = 0) -> str:
        done = subprocess.run(
            command,
            env=self.env,
            cwd=self.path,
            capture_output=True,
            text=True,
            check=False,
            timeout=500,
        )
        assert done.returncode == code, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("jupyter"))
    place.run("up", "lab", "jupyter", "--gpu", "none")
    return place


@pytest.mark.network
def test_a_kernel_that_jupyter_starts_runs_code_in_its_environment(made: Place) -> None:
    made.run("env", "kernel", "lab")
    environment = made.path / "home" / "envs" / "lab" / "1"

    said = made.do([str(environment / "bin" / "python"), "-c", KERNEL])

    assert said.splitlines() == [f"runs in {environment}", "and goes on", "ended"]


@pytest.mark.network
def test_one_ctrl_c_at_a_terminal_ends_it_and_until_then_its_environment_stays(made: Place) -> None:
    ours, theirs = os.openpty()
    log = made.path / "foreground.log"
    words = [sys.executable, "-m", "provisioner", "env", "serve", "lab", "--foreground"]
    with log.open("w") as stream:
        running = subprocess.Popen(
            words, env=made.env, cwd=made.path, stdin=theirs, stdout=stream, stderr=stream
        )
    try:
        until(lambda: "is running at" in log.read_text(), log)
        (at,) = json.loads(made.run("env", "serve", "lab", "--status", "--json"))["data"][
            "foreground"
        ]
        refused = json.loads(made.run("env", "remove", "lab", "--json", code=1))
        running.send_signal(signal.SIGINT)
        code = running.wait(30)
    finally:
        running.kill()
        os.close(ours)
        os.close(theirs)

    assert (at["process"], status(at["port"])) == (running.pid, None)
    assert refused["errors"][0]["reference"] == "environment-in-use"
    assert code == 0
    assert "resuming" not in log.read_text()


@pytest.fixture
def session(made: Place) -> Iterator[Place]:
    """The same, where this user has a systemd of his own, in namespaces that go with it."""
    apart = ("unshare", "--mount", "--cgroup", "--pid", "--fork", "--mount-proc", "--kill-child")
    log = made.path / "systemd.log"
    with log.open("w") as stream:
        command = [*apart, "sh", "-c", SESSION]
        manager = subprocess.Popen(command, env=made.env, stdout=stream, stderr=stream)
    try:
        children = Path(f"/proc/{manager.pid}/task/{manager.pid}/children")
        until(lambda: children.read_text().split(), log)
        target = children.read_text().split()[0]
        # systemctl is not told where to look, as after su.
        made.env.pop("XDG_RUNTIME_DIR", None)
        made.enter = ("nsenter", "--target", target, "--mount", "--cgroup", "--pid", "--")
        socket = Path(f"/proc/{target}/root/run/user/{os.geteuid()}/systemd/private")
        until(socket.exists, log)
        yield made
    finally:
        made.enter = ()
        manager.kill()  # and with it all that is in its namespaces
        manager.wait(30)
        sweep = ["unshare", "--mount", "--cgroup", "sh", "-c", SWEEP]
        until(lambda: subprocess.run(sweep, check=False).returncode == 0, log)


def until(holds: Callable[[], object], log: Path) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.2)


def status(port: int, token: str = "") -> int | None:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/status")
    if token:
        request.add_header("Authorization", f"token {token}")
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except urllib.error.URLError:
        return None


@pytest.mark.network
@pytest.mark.root
def test_it_is_served_by_systemd_behind_its_token_and_comes_back_when_it_dies(
    session: Place,
) -> None:
    careless = {"ip": "*", "token": "", "port_retries": 9, "base_url": "/elsewhere"}
    settings = {"ServerApp": careless, "IdentityProvider": {"token": ""}}
    (session.path / ".jupyter").mkdir(exist_ok=True)
    (session.path / ".jupyter" / "jupyter_server_config.json").write_text(json.dumps(settings))
    folder = session.path / 'note books %h $HOME "x" \\n'
    folder.mkdir()
    started = session.run("env", "serve", "lab", "--folder", str(folder), "--json")
    service = json.loads(started)["data"]["service"]
    token = Path(service["token_file"]).read_text()
    port = service["port"]

    assert (status(port), status(port, "wrong"), status(port, token)) == (403, 403, 200)
    assert listening(port) == {"0100007F"}
    assert token not in started
    seen = json.loads(session.run("env", "serve", "lab", "--status", "--json"))["data"]
    assert (seen["service"], seen["foreground"]) == (service, [])
    assert token not in Path(service["unit"]).read_text()
    verify = 'XDG_RUNTIME_DIR=/run/user/$(id -u) systemd-analyze verify --user "$1" 2>&1'
    assert session.do([*session.enter, "sh", "-c", verify, "sh", service["unit"]]) == ""

    (first,) = serving(folder)
    os.kill(first, signal.SIGKILL)
    until(lambda: [pid for pid in serving(folder) if pid != first], session.path / "systemd.log")
    until(lambda: status(port, token) == 200, session.path / "systemd.log")
    assert status(port) == 403

    words = ("up", "lab", "jupyter", "einops", "--gpu", "none", "--json")
    upgraded = json.loads(session.run(*words))
    assert "service-not-restarted" in [item["reference"] for item in upgraded["warnings"]]
    back = json.loads(session.run("env", "rollback", "lab", "--json"))
    assert back["warnings"] == []
    assert session.run("env", "serve", "lab", "--stop") == "The service of lab is gone.\n"
    assert serving(folder) == []
    assert not Path(service["unit"]).exists()
    assert token not in (session.path / "systemd.log").read_text()

    broken = session.path / ".jupyter" / "jupyter_server_config.py"
    broken.write_text("raise SystemExit('broken settings')\n")
    begun = time.monotonic()
    refused = json.loads(session.run("env", "serve", "lab", "--json", code=3))
    assert refused["errors"][0]["reference"] == "service-not-started"
    assert time.monotonic() - begun < 30
    assert not Path(service["unit"]).exists()


def listening(port: int) -> set[str]:
    """The addresses that somebody listens on at a port, as the kernel writes them."""
    tables = [Path("/proc/net") / name for name in ("tcp", "tcp6")]
    rows = [line.split() for table in tables for line in table.read_text().splitlines()[1:]]
    places = [row[1].split(":") for row in rows if row[3] == "0A"]
    return {address for address, number in places if int(number, 16) == port}


def serving(folder: Path) -> list[int]:
    """The processes that serve a folder, seen by their command lines."""
    word = f"--ServerApp.root_dir={folder}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if word in words:
            found.append(int(path.parent.name))
    return found
