"""``up`` and ``env`` as tests run them: made wheels on a loopback index, folders of their own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
from click.testing import CliRunner

from provisioner.cli.main import main
from tests.cli.ran import Ran
from tests.unit.upkeep.loopback import Loopback
from tests.unit.upkeep.wheels import installable

CHECKOUT = Path(__file__).resolve().parents[2]
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
MACHINE = {
    "DLSETUP_OVERRIDE_OS": "ubuntu-24.04",
    "DLSETUP_OVERRIDE_ARCH": "x86_64",
    "DLSETUP_OVERRIDE_GPUS": "none",
    "DLSETUP_OVERRIDE_DRIVER": "none",
    "DLSETUP_OVERRIDE_CONTAINERS": "{}",
    "DLSETUP_OVERRIDE_CPU_LEVEL": "x86_64_v3",
    "DLSETUP_OVERRIDE_CPU_FLAGS": '["avx", "avx2", "fma"]',
}

TENSORFLOW = """
__version__ = "{version}"


class Array:
    @staticmethod
    def sum():
        return {sum}


class Tensor:
    device = "/job:localhost/replica:0/task:0/device:CPU:0"

    @staticmethod
    def numpy():
        return Array


class device:
    def __init__(self, name):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        return None


def matmul(left, right):
    return Tensor()


def executing_eagerly():
    return True


def ones(size):
    return Tensor()


def reduce_sum(tensor):
    return {sum}
"""


def tensorflow(index: Loopback, version: str = "2.21.0", *, answer: int = 256**3) -> None:
    """Put a tensorflow-cpu on the index that computes as well as it is told to."""
    source = TENSORFLOW.format(version=version, sum=answer)
    name, data = installable("tensorflow-cpu", version, {"tensorflow/__init__.py": source})
    index.add("tensorflow-cpu", name, data)


def package(index: Loopback, project: str, version: str, source: str) -> None:
    """Put a package of one module on the index."""
    module = project.replace("-", "_")
    name, data = installable(project, version, {f"{module}.py": source})
    index.add(project, name, data)


class Home(msgspec.Struct, frozen=True):
    """A user's home, with an index at hand."""

    path: Path
    index: Loopback

    @property
    def environments(self) -> Path:
        return self.path / "data" / "dlsetup" / "envs"

    @property
    def logs(self) -> list[Path]:
        """What runs wrote down, the first first."""
        return sorted((self.path / "state" / "dlsetup" / "log").glob("*"))

    @property
    def settings(self) -> dict[str, str]:
        base = os.path.realpath(sys.executable)
        pythons = [{"version": sys.version.split()[0], "path": base}]
        return {
            **MACHINE,
            "DLSETUP_OVERRIDE_PYTHONS": json.dumps(pythons),
            "DLSETUP_HOME": "",
            "DLSETUP_CONFIG": "",
            "JUPYTER_DATA_DIR": "",
            "HOME": str(self.path),
            "XDG_DATA_HOME": str(self.path / "data"),
            "XDG_CACHE_HOME": str(self.path / "cache"),
            "XDG_CONFIG_HOME": str(self.path / "config"),
            "XDG_STATE_HOME": str(self.path / "state"),
            "UV_CACHE_DIR": str(self.path / "uv"),
            "UV_DEFAULT_INDEX": self.index.address,
            "UV_FIND_LINKS": "",
            "NO_PROXY": "127.0.0.1",
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, *words: str, **settings: str) -> Ran:
        result = CliRunner().invoke(main, list(words), env=self.settings | settings)
        return Ran(result.exit_code, result.stdout, result.stderr)

    def up(self, name: str, *words: str, **settings: str) -> Ran:
        return self.run("up", name, *words, "--python", PYTHON, **settings)

    def start(self, *words: str, **settings: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "provisioner", *words],
            env={**self.settings, "PYTHONPATH": str(CHECKOUT), **settings},
            cwd=self.path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def digest(folder: Path) -> dict[str, str]:
    """Every file and link below a folder, and what it holds."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found[name] = "folder"
    return found


def contents(folder: Path) -> dict[str, str]:
    """As ``digest``, but for the journals: those also tell what came to nothing."""
    return {
        name: text for name, text in digest(folder).items() if not name.endswith("journal.jsonl")
    }
