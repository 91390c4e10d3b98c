"""``up`` installs a driver for real: dpkg, apt and a local archive of empty packages.

The packages bear the true names and versions of Ubuntu 24.04; a GPU is told by the environment and
by a plain file below /sys, torch is a made wheel that says it computes on a GPU.
"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.environments import MACHINE
from tests.integration.conftest import MakeRoot
from tests.integration.roots import Root
from tests.integration.test_driver_steps import NOBLE, archive
from tests.unit.render.test_verification_programs import TORCH
from tests.unit.upkeep.loopback import Loopback, serving
from tests.unit.upkeep.wheels import installable

pytestmark = [pytest.mark.root, pytest.mark.network]  # the network brings Python, once

CHECKOUT = Path(__file__).resolve().parents[2]
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
VERSION = "580.178.04-0ubuntu0.24.04.1"
OPEN = "nvidia-driver-580-open"
PARTS = ("libnvidia-compute-580", "nvidia-dkms-580-open", "nvidia-utils-580")
STATE = "/root/.local/state/dlsetup/system"
DPKG = """
dpkg-query -W -f='${Package} ${Architecture} ${Version} ${Status}\\n'
echo; grep -v '^$' /var/lib/apt/extended_states | paste - - - | sort
echo; apt-mark showhold
echo; find /etc/apt -type f -exec sha256sum {} + | sort
"""


class Box:
    """A root that looks like Ubuntu 24.04 with a GPU, where dlsetup can be called."""

    def __init__(self, root: Root, index: Loopback) -> None:
        self.root = root
        pythons = [{"version": sys.version.split()[0], "path": os.path.realpath(sys.executable)}]
        self.env = {
            **MACHINE,
            "DLSETUP_OVERRIDE_GPUS": "RTX 4090",
            "DLSETUP_OVERRIDE_PYTHONS": json.dumps(pythons),
            "DLSETUP_HOME": "",
            "UV_DEFAULT_INDEX": index.address,
            "UV_CACHE_DIR": "/root/uv",
            "NO_PROXY": "127.0.0.1",
            "PYTHONPATH": str(CHECKOUT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        }

    def words(self, *words: str) -> tuple[str, ...]:
        return (sys.executable, "-m", "provisioner", *words)

    def dlsetup(
        self, *words: str, who: str = "0:0", **env: str
    ) -> subprocess.CompletedProcess[str]:
        return self.root.run(*self.words(*words), who=who, **self.env | env)

    def up(self, *words: str, who: str = "0:0", **env: str) -> subprocess.CompletedProcess[str]:
        return self.dlsetup("up", "demo", *REQ, *words, who=who, **env)

    def start(self, *words: str) -> subprocess.Popen[str]:
        command, environment = self.root.command(*self.words(*words))
        return subprocess.Popen(
            command,
            env={**environment, **self.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def answered(self, answer: str, *words: str) -> tuple[int, str]:
        """Run at a terminal of its own, and answer its question."""
        command, environment = self.root.command(*self.words(*words))
        child, terminal = pty.fork()
        if not child:
            os.execvpe(command[0], command, {**environment, **self.env})
        said = b""
        with contextlib.suppress(OSError):  # how a terminal says that nobody is left
            while more := os.read(terminal, 4096):
                said += more
                if b"[y/N]" in said and answer:
                    os.write(terminal, f"{answer}\n".encode())
                    answer = ""
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.close(terminal)
        return status, said.decode().replace("\r\n", "\n")

    def state(self) -> str:
        """What dpkg and apt hold, to the letter."""
        return self.root.run("sh", "-c", DPKG).stdout

    def installed(self) -> set[str]:
        asked = ("sh", "-c", "dpkg-query -W -f='${db:Status-Status} ${Package}\\n'")
        lines = self.root.run(*asked).stdout.splitlines()
        return {line.split()[1] for line in lines if line.startswith("installed ")}

    def record(self) -> list[dict[str, object]]:
        path = self.root.upper / f"{STATE}/system.json".lstrip("/")
        changes: list[dict[str, object]] = json.loads(path.read_text())["changes"]
        return changes


REQ = ("torch==2.15.0", "--python", PYTHON)


@pytest.fixture(scope="module")
def index() -> Iterator[Loopback]:
    source = TORCH.replace("2.14.1+cu126", "2.15.0").format(
        answer=256**3, cuda="13.2", gpus=1, capability=(8, 9), archs=["sm_86"]
    )
    name, data = installable("torch", "2.15.0", {"torch/__init__.py": source})
    with serving() as served:
        served.add("torch", name, data)
        yield served


@pytest.fixture
def box(new_root: MakeRoot, with_python: Root, index: Loopback) -> Box:
    root = new_root(with_python)
    root.binds = (sys.base_prefix, sys.prefix, str(CHECKOUT))
    root.put("/etc/os-release", NOBLE)
    root.put("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n")
    depends = f"Depends: {', '.join(PARTS)}\nRecommends: nvidia-settings\n"
    names = {name.replace("-", "_"): VERSION for name in (OPEN, *PARTS)}
    names |= {"nvidia_settings": "510.47.03-0ubuntu4", "python3_venv": "3.12.3-0ubuntu2"}
    archive(root, {OPEN: depends}, **names)
    done = root.run("sh", "-c", "apt-get -q -y purge python3-venv && apt-get -q update")
    assert done.returncode == 0, done.stderr
    return Box(root, index)


def test_it_is_shown_asked_for_installed_recorded_and_taken_back(box: Box) -> None:
    before = box.state()
    code, said = box.answered("y", "up", "demo", *REQ)

    assert code == 1, said
    assert "error: reboot-needed" in said, said
    new = {OPEN, *PARTS, "nvidia-settings", "python3-venv"}
    assert new <= box.installed()
    (change,) = box.record()
    assert set(change["installed"]) == new
    undone, told = box.answered("y", "system", "undo")
    assert undone == 0, told
    assert box.state() == before
    assert "Nothing that dlsetup" in box.dlsetup("system", "undo").stdout
