"""``env export --with-python``: uv's own build of the Python travels along.

uv's builds are not at hand in every test, so one stands in for them: its program is this Python,
called by its place in the archive.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.cli.environments import PYTHON, Home, package
from tests.unit.bundle.tars import taken_apart
from tests.unit.upkeep.loopback import Loopback

BUILD = f"cpython-{platform.python_version()}-linux-x86_64-gnu"
STEM = f"cpython-{platform.python_version()}%2B20261110-x86_64-unknown-linux-gnu-install_only"
PROGRAM = f'#!/bin/bash\nexec -a "$0" {os.path.realpath(sys.executable)} "$@"\n'
SYSCONFIG = (
    "# system configuration generated and used by the sysconfig module\nbuild_time_vars = {}\n"
)
FILES = {
    f"bin/python{PYTHON}": PROGRAM,
    f"lib/python{PYTHON}/_sysconfigdata__linux_x86_64-linux-gnu.py": SYSCONFIG,
}


@pytest.fixture
def home(index: Loopback, tmp_path: Path) -> Home:
    package(index, "fine", "1.0", "")
    return Home(tmp_path, index)


@pytest.fixture
def builds(index: Loopback, tmp_path: Path) -> dict[str, str]:
    """The settings by which uv knows the stand-in, and no other build."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, text in FILES.items():
            item, data = tarfile.TarInfo(f"python/{name}"), text.encode()
            item.size, item.mode = len(data), 0o755
            tar.addfile(item, io.BytesIO(data))
    index.add("python", f"{STEM.replace('%2B', '+')}.tar.gz", made.getvalue())
    major, minor, patch = (int(part) for part in platform.python_version_tuple())
    known = {
        "name": "cpython",
        "arch": {"family": "x86_64", "variant": None},
        "os": "linux",
        "libc": "gnu",
        "major": major,
        "minor": minor,
        "patch": patch,
        "prerelease": "",
        "url": index.address.replace("simple/", f"files/{STEM}.tar.gz"),
        "sha256": hashlib.sha256(made.getvalue()).hexdigest(),
        "variant": None,
        "build": "20261110",
    }
    (tmp_path / "builds.json").write_text(json.dumps({BUILD: known}))
    return {
        "UV_PYTHON_DOWNLOADS_JSON_URL": str(tmp_path / "builds.json"),
        "UV_PYTHON_INSTALL_DIR": str(tmp_path / "pythons"),
    }


@pytest.fixture
def bundle(home: Home, builds: dict[str, str]) -> Path:
    assert home.up("demo", "fine").code == 0
    path = home.path / "demo.tar"
    ran = home.run("env", "export", "demo", "-o", str(path), "--with-python", **builds)

    assert ran.code == 0, ran.err
    assert f"  needs    x86_64, Python {PYTHON}, which it brings\n" in ran.out
    assert not (home.path / "pythons").exists()
    return path


def test_the_same_python_gives_the_same_bytes(
    home: Home, bundle: Path, builds: dict[str, str]
) -> None:
    again = home.path / "again.tar"
    assert home.run("env", "export", "demo", "-o", str(again), "--with-python", **builds).code == 0
    (archive,) = [name for name in taken_apart(bundle) if name.startswith("demo/python/")]

    assert again.read_bytes() == bundle.read_bytes()
    assert archive.endswith(".tar.gz")


def test_where_there_is_no_such_python_it_is_installed_from_the_bundle(
    home: Home, bundle: Path, builds: dict[str, str]
) -> None:
    home.run("env", "remove", "demo")
    home.index.forget()
    nothing = {**builds, "DLSETUP_OVERRIDE_PYTHONS": "[]"}
    ran = home.run("env", "import", str(bundle), "--json", **nothing)
    again = home.run("env", "import", str(bundle), "--json", **nothing)
    python = home.environments / "demo" / "1" / "bin" / "python"

    assert ran.code == 0, ran.out
    assert again.data["changed"] is False
    assert python.resolve() == home.path / "pythons" / BUILD / "bin" / f"python{PYTHON}"
    assert home.index.requests == 0


def test_where_there_is_one_it_stays_unused(
    home: Home, bundle: Path, builds: dict[str, str]
) -> None:
    ran = home.run("env", "import", str(bundle), "--name", "other", "--json", **builds)

    assert ran.code == 0, ran.out
    assert not (home.path / "pythons").exists()


def test_the_script_inside_installs_it_too(
    home: Home, bundle: Path, builds: dict[str, str]
) -> None:
    subprocess.run(["tar", "-xf", str(bundle)], cwd=home.path, check=True)
    script = home.path / "demo" / "install.sh"
    # It asks for no setting of uv's but those that say how to reach it.
    named = f"--python-downloads-json-url {builds['UV_PYTHON_DOWNLOADS_JSON_URL']}"
    text = script.read_text().replace(" --no-bin", f" --no-bin {named}")
    text = text.replace("/usr/bin/python", "/none").replace(
        '$(type -aP "python$1" python3 python)', ""
    )
    script.write_text(text)
    done = subprocess.run(
        ["bash", str(script)],
        env={"PATH": "/usr/bin:/bin", "HOME": str(home.path), "UV_CACHE_DIR": str(home.path / "c")},
        check=False,
        capture_output=True,
        text=True,
    )
    python = home.path / "dlsetup" / "demo" / "bin" / "python"

    assert done.returncode == 0, done.stderr
    assert python.resolve().parent.parent.name == BUILD


def test_what_uv_has_no_build_of_is_told(home: Home, builds: dict[str, str]) -> None:
    (home.path / "builds.json").write_text("{}")
    home.up("demo", "fine")
    path = home.path / "demo.tar"
    ran = home.run("env", "export", "demo", "-o", str(path), "--with-python", "--json", **builds)

    assert (ran.code, ran.error["reference"]) == (3, "uv-failed")
    assert not list(home.path.glob("*.tar*"))
