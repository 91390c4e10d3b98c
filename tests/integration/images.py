"""Images built by buildah, without a daemon and without a registry.

A stand-in lies under the real name of each base, so that a rendered file builds as it is: Debian's
clean root for ``debian:12``, and the same root with a CPython of this machine in ``/usr/local`` for
``python:3.7-slim-bookworm``.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.integration.roots import bookworm

DEBIAN = "docker.io/library/debian:12"
PYTHON = "docker.io/library/python:3.7-slim-bookworm"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_BUILD = ("bud", "--isolation", "chroot", "--pull-never", "--layers=false", "--format", "docker")


class Store:
    """Buildah with images of its own in a folder."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("buildah") is None:
            install = ["apt-get", "install", "-y", "-q", "buildah"]
            subprocess.run(install, check=True, stdout=sys.stderr)
        self.words = ["buildah", "--root", f"{folder}/store", "--runroot", f"{folder}/run"]
        self.words += ["--storage-driver", "vfs"]
        self.known: set[str] = set()

    def command(self, *more: str) -> subprocess.CompletedProcess[str]:
        """Run buildah, whatever comes of it."""
        return subprocess.run(
            [*self.words, *more], capture_output=True, text=True, check=False, timeout=590
        )

    def said(self, *more: str) -> str:
        """What a command that must succeed prints."""
        done = self.command(*more)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout.strip()

    def base(self, name: str) -> None:
        """Have the stand-in of a base there, once."""
        if name in self.known:
            return
        self.known.add(name)
        if name == PYTHON:
            self.made(name, "scratch", {bookworm(): "/", interpreter(): "/"})
        else:
            self.made(name, "scratch", {bookworm(): "/"})

    def made(self, name: str, start: str, contents: dict[Path, str]) -> None:
        """Make an image of folders, each at its place in it."""
        container = self.said("from", "--pull-never", start)
        for source, place in contents.items():
            self.said("add", container, str(source), place)
        for told in _network():  # of this machine, which the rendered file knows nothing of
            self.said("config", "--env", told, container)
        self.said("commit", "--rm", container, name)

    def build(self, folder: Path, dockerfile: str, tag: str) -> subprocess.CompletedProcess[str]:
        """Build a rendered file as it stands, whatever comes of it."""
        mounted = ["-v", f"{CERTIFICATES}:{CERTIFICATES}:ro"]
        place = ["-f", str(folder / dockerfile), "-t", tag, str(folder)]
        return self.command(*_BUILD, *mounted, *place)

    def run(self, tag: str, *command: str) -> str:
        """What a command prints in a container of an image."""
        container = self.said("from", "--pull-never", tag)
        return self.said("run", "--isolation", "chroot", container, "--", *command)

    def empty(self) -> None:
        """Remove everything."""
        self.command("rm", "--all")
        self.command("rmi", "--all", "--force")


def _network() -> Iterator[str]:
    yield f"SSL_CERT_FILE={CERTIFICATES}"
    yield f"PIP_CERT={CERTIFICATES}"
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
        if os.environ.get(name):
            yield f"{name}={os.environ[name]}"


def interpreter() -> Path:
    """A layer with CPython 3.7 below ``/usr/local`` as its own image has it, without packages.

    What shared libraries it needs beyond Debian's clean root lie beside the system's.
    """
    found = sorted((Path.home() / ".pyenv/versions").glob("3.7.*"))
    assert found, "pyenv of this machine has no CPython 3.7"
    made = bookworm().parent / f"cpython-{found[-1].name}"
    with made.with_name(f"{made.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side, and one of them makes it
        if not made.is_dir():
            _copied(found[-1], made)
    return made


def _copied(home: Path, made: Path) -> None:
    fresh = made.with_name(f"{made.name}.{os.getpid()}")
    left_out = shutil.ignore_patterns("test", "__pycache__", "site-packages", "*.a", "_tkinter*")
    shutil.copytree(home / "lib", fresh / "usr/local/lib", symlinks=True, ignore=left_out)
    (fresh / "usr/local/lib/python3.7/site-packages").mkdir()
    (fresh / "usr/local/bin").mkdir()
    shutil.copy2(home / "bin/python3.7", fresh / "usr/local/bin/python3.7")
    (fresh / "usr/local/bin/python3").symlink_to("python3.7")
    _with_libraries(fresh)
    fresh.rename(made)


def _with_libraries(layer: Path) -> None:
    beside = layer / _LIBRARIES
    beside.mkdir(parents=True)
    modules = [*layer.rglob("*.so"), layer / "usr/local/bin/python3.7"]
    said = subprocess.run(["ldd", *modules], capture_output=True, text=True, check=True).stdout
    for library in sorted(set(re.findall(r"=> (/\S+)", said))):
        path = Path(library)
        if not any((bookworm() / place / path.name).exists() for place in (_LIBRARIES, "lib64")):
            shutil.copy(path, beside / path.name)
