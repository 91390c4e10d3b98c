"""dlsetup called in a root: this checkout and its Python are mounted there, a GPU is told of."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import msgspec

from provisioner.apply.record import Change, Record
from tests.cli.environments import MACHINE
from tests.cli.gpus import SOURCE
from tests.integration.roots import Root
from tests.unit.upkeep.loopback import Loopback
from tests.unit.upkeep.wheels import installable

CHECKOUT = Path(__file__).resolve().parents[2]
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
REQ = ("torch==2.15.0", "--python", PYTHON)
STATE = "/root/.local/state/dlsetup/system"
DPKG = """
dpkg-query -W -f='${Package} ${Architecture} ${Version} ${Status}\\n'
echo; grep -v '^$' /var/lib/apt/extended_states | paste - - - | sort
echo; apt-mark showhold
echo; find /etc/apt -type f -exec sha256sum {} + | sort
"""
"""What dpkg and apt hold, to the letter."""


CUDA = """
def device_count():
    return 1


def get_device_name(index):
    return "NVIDIA GeForce RTX 4090"


def get_device_capability(index):
    return (8, 9)


def get_arch_list():
    return ["sm_86"]
"""


def torch(index: Loopback) -> None:
    """Put a torch on the index that says it computes on a GPU."""
    source = SOURCE.format(version="2.15.0").replace("12.6", "13.2").replace("cu126", "cu132")
    source = source.replace("91000", "92600") + "\nfrom torch import cuda\n"
    members = {"torch/__init__.py": source, "torch/cuda/__init__.py": CUDA}
    index.add("torch", *installable("torch", "2.15.0", members))


class Box:
    """A root where dlsetup can be called, with a GPU and without a driver."""

    def __init__(self, root: Root, index: Loopback) -> None:
        self.root = root
        root.binds = (sys.base_prefix, sys.prefix, str(CHECKOUT))
        root.put("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n")
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

    def run(self, *words: str, who: str = "0:0", **env: str) -> subprocess.CompletedProcess[str]:
        """Run a program inside, without a terminal."""
        command, environment = self.root.command(*words, who=who)
        return subprocess.run(
            command,
            env=environment | self.env | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def dlsetup(
        self, *words: str, who: str = "0:0", **env: str
    ) -> subprocess.CompletedProcess[str]:
        return self.run(*self.words(*words), who=who, **env)

    def up(self, *words: str, who: str = "0:0", **env: str) -> subprocess.CompletedProcess[str]:
        return self.dlsetup("up", "demo", *REQ, *words, who=who, **env)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start it in a session of its own, and do not wait."""
        command, environment = self.root.command(*self.words(*words))
        return subprocess.Popen(
            command,
            env=environment | self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def answered(self, answer: str, *words: str) -> tuple[int, str]:
        """Run it at a terminal of its own, and answer its question."""
        command, environment = self.root.command(*self.words(*words))
        here, there = pty.openpty()
        with subprocess.Popen(
            command, env=environment | self.env, stdin=there, stdout=there, stderr=there
        ) as running:
            os.close(there)
            said = b""
            with contextlib.suppress(OSError):  # how a terminal says that nobody is left
                while more := os.read(here, 4096):
                    said += more
                    if b"[y/N]" in said and answer:
                        os.write(here, f"{answer}\n".encode())
                        answer = ""
        os.close(here)
        return running.returncode, said.decode().replace("\r\n", "\n")

    def state(self) -> str:
        """What dpkg and apt hold, to the letter."""
        return self.run("sh", "-c", DPKG).stdout

    def installed(self) -> set[str]:
        asked = ("sh", "-c", "dpkg-query -W -f='${db:Status-Status} ${Package}\\n'")
        lines = self.run(*asked).stdout.splitlines()
        return {line.split()[1] for line in lines if line.startswith("installed ")}

    @property
    def changes(self) -> tuple[Change, ...]:
        """What the record holds; none where there is no record."""
        path = self.root.upper / f"{STATE}/system.json".lstrip("/")
        if not path.exists():
            return ()
        return msgspec.json.decode(path.read_bytes(), type=Record).changes
