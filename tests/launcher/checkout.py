"""A checkout of its own for each test, and a PATH that holds just what the test means to offer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Everything the launcher may call besides a Python, uv and apt-get.
TOOLS = ["cksum", "dirname", "env", "id", "mkdir", "mktemp", "mv", "readlink", "rm", "rmdir"]
TOOLS += ["sed", "sh", "sleep", "tail", "uniq"]

PROGRAM = """\
import json, os, sys
print(json.dumps({"argv": sys.argv[1:], "prefix": sys.prefix, "cwd": os.getcwd()}))
sys.exit(int(os.environ.get("STUB_EXIT", "0")))
"""


class Checkout:
    """A copy of the launcher and its lock, with a program that tells how it was called."""

    def __init__(self, root: Path, tools: Path, home: Path) -> None:
        self.root, self.tools, self.home = root, tools, home
        package = root / "provisioner"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(PROGRAM)
        (package / "cli").mkdir()
        (package / "cli/__init__.py").touch()
        (package / "cli/main.py").write_text("import click\n")
        shutil.copy(ROOT / "dlsetup", root)
        shutil.copy(ROOT / "requirements.txt", root)

    @property
    def launcher(self) -> str:
        return str(self.root / "dlsetup")

    @property
    def place(self) -> Path:
        return self.root / ".dlsetup"

    def environment(self, **extra: str) -> dict[str, str]:
        """The real environment (its certificates, its index) with this test's PATH and home."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "DLSETUP_"))}
        kept |= {"PATH": str(self.tools), "HOME": str(self.home), "UV_CACHE_DIR": uv_cache()}
        return kept | {"PIP_CACHE_DIR": str(Path.home() / ".cache/pip")} | extra

    def call(
        self,
        *arguments: str,
        command: Sequence[str] = (),
        cwd: Path | None = None,
        **environment: str,
    ) -> subprocess.CompletedProcess[str]:
        """Run the launcher (or ``command``) to its end."""
        return subprocess.run(
            [*(command or [self.launcher]), *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
            cwd=cwd or self.home,
            env=self.environment(**environment),
        )

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start the launcher in a process group of its own."""
        return subprocess.Popen(
            [self.launcher, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.home,
            env=self.environment(**environment),
            start_new_session=True,
        )

    def offer(self, name: str, script: str) -> None:
        """Put a shell script of this name on the PATH, in place of what was there."""
        target = self.tools / name
        target.unlink(missing_ok=True)
        target.write_text(f"#!/bin/sh\n{script}\n")
        target.chmod(0o755)

    def environments(self) -> list[str]:
        """What lies in the launcher's place, but for the random ends of names."""
        return sorted(path.name.partition(".")[0] for path in self.place.iterdir())


def uv_cache() -> str:
    """The cache of uv as it stands, so that the wheels are fetched once and not once a test."""
    asked = [real_uv(), "cache", "dir"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


def real_uv() -> str:
    """The uv beside this Python, else the one on the PATH."""
    found = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert found, "uv belongs to the test group of pyproject.toml"
    return found


def told(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    """What the program behind the launcher said: all of standard output, as one JSON object."""
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer
