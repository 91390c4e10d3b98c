"""An Ubuntu whose glibc is older than today's wheels, and a Python in it that dlsetup runs on.

No Python of today runs there as it comes from a newer system, so one is compiled inside: from the
source package of Debian's own, once, and kept as a layer.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.integration.boxes import CHECKOUT
from tests.integration.roots import CACHE, Root, bookworm
from tests.integration.ubuntu import clean

GLIBC = "2.23"
"""Of Ubuntu 16.04."""
PYTHON = "/opt/python/bin/python3"
SITE = "env/lib/python3.11/site-packages"
_SUITE, _SOURCE = "xenial", "python3.11"
_UV = str(Path(sys.executable).with_name("uv"))
_FETCH = f"""
sed 's/^deb /deb-src /' /etc/apt/sources.list >/etc/apt/sources.list.d/sources.list
apt-get -q update
cd /srv && apt-get -q source --download-only {_SOURCE}
"""
_COMPILE = """
apt-get -q update
apt-get -q -y install --no-install-recommends gcc libc6-dev make zlib1g-dev libffi-dev
mkdir /srv/python && cd /srv/python && tar -x --strip-components=1 -f ../python.tar
./configure -q --prefix=/opt/python --without-ensurepip LDFLAGS=-Wl,-rpath,/opt/python/lib
make -s -j2 && make -s install
cp -a /usr/lib/*/libffi.so.* /opt/python/lib/
"""


def old_root(folder: Path) -> Root:
    """A root nobody has used, with a Python and what dlsetup needs; ``/env`` has no package yet.

    Skips the test where Ubuntu's archive does not answer.
    """
    root = Root(folder, _python(), clean(_SUITE))
    root.binds = (str(CHECKOUT),)
    _installed(root.upper / "opt/dlsetup", "2_17", "--require-hashes", "-r", "requirements.txt")
    made = root.run(PYTHON, "-m", "venv", "--without-pip", "/env", network=False)
    assert made.returncode == 0, made.stderr
    return root


def put(root: Root, requirement: str) -> None:
    """Install a wheel of the index, alone, as on a system that is new enough for it."""
    shutil.rmtree(root.upper / SITE)
    _installed(root.upper / SITE, "2_28", "--no-deps", requirement)


def doctor(root: Root, *words: str) -> subprocess.CompletedProcess[str]:
    """Let dlsetup examine the root, whose GPU and driver are only said to be there."""
    return root.run(
        *(PYTHON, "-m", "provisioner", "doctor", *words),
        network=False,
        PYTHONPATH=f"{CHECKOUT}:/opt/dlsetup",
        PYTHONDONTWRITEBYTECODE="1",
        VIRTUAL_ENV="/env",
        DLSETUP_OVERRIDE_GPUS="RTX 4090",
        DLSETUP_OVERRIDE_DRIVER="580.95.05",
    )


def _installed(place: Path, glibc: str, *words: str) -> None:
    """Install wheels for the old root from outside of it."""
    here = ("--python-version", "3.11", "--python-platform", f"x86_64-manylinux_{glibc}")
    command = [_UV, "pip", "install", "--quiet", "--target", str(place), *here, *words]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _python() -> Path:
    """The layer with the Python."""
    made = CACHE / f"{_SOURCE}-on-{_SUITE}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with made.with_name(f"{made.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side, and one of them makes it
        if not made.is_dir():
            with tempfile.TemporaryDirectory(dir=CACHE) as folder:
                _compiled(Path(folder), made)
    return made


def _compiled(folder: Path, made: Path) -> None:
    fetched = Root(folder / "fetched", bookworm())
    done = fetched.run("sh", "-euc", f"mkdir -p /srv{_FETCH}")
    assert done.returncode == 0, done.stdout + done.stderr
    root = Root(folder / "compiled", clean(_SUITE))
    (source,) = (fetched.upper / "srv").glob("*.orig.tar.*z")
    root.put("/srv/python.tar", source.read_bytes())
    done = root.run("sh", "-euc", _COMPILE)
    assert done.returncode == 0, done.stdout + done.stderr
    left_out = shutil.ignore_patterns("test", "idlelib", "__pycache__", "*.a")
    fresh = folder / "layer"
    shutil.copytree(root.upper / "opt", fresh / "opt", symlinks=True, ignore=left_out)
    fresh.rename(made)
