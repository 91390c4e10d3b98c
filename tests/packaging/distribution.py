"""Building and calling what users install."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Without a network of any kind: not even the loopback is up in the new namespace.
OFFLINE = [str(shutil.which("unshare")), "--net", "--"]


def build(kind: str, source: Path, folder: Path) -> Path:
    """The one file that the build backend makes of ``source``."""
    command = [sys.executable, "-m", "build", "--no-isolation", kind, "--outdir", str(folder)]
    subprocess.run([*command, str(source)], check=True, capture_output=True)
    (made,) = folder.iterdir()
    return made


def uv(*words: str) -> None:
    """Run the uv beside this Python, else the one on the PATH."""
    found = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert found, "uv belongs to the test group of pyproject.toml"
    subprocess.run([found, "--quiet", *words], check=True)


class Installed:
    """An environment that holds the installed command."""

    def __init__(self, prefix: Path) -> None:
        self.prefix = prefix

    def call(self, *words: str, home: Path) -> subprocess.CompletedProcess[str]:
        """Run the installed command offline, from an empty home."""
        return offline(str(self.prefix / "bin/dlsetup"), *words, home=home)


def offline(*command: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a command without a network, with ``home`` as home and working folder."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return subprocess.run(
        [*OFFLINE, *command],
        check=False,
        capture_output=True,
        text=True,
        cwd=home,
        env=kept | {"HOME": str(home)},
    )
