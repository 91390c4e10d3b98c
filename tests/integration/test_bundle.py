"""A bundle made here, in a Debian without any network: by dlsetup, and where dlsetup is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.conftest import MakeRoot
from tests.integration.roots import Root

pytestmark = [pytest.mark.root, pytest.mark.network]

CHECKOUT = Path(__file__).parents[2]
PYTHON = "3.11"
"""Of Debian 12, and so of the root."""
PLACE = "/root/demo.bundle.tar"
USES = "import jax.numpy as n; a = n.ones((3, 3)); print(a.devices(), float((a @ a).sum()))"
SEEN = "{CpuDevice(id=0)} 27.0\n"


def dlsetup(home: Path, *words: str) -> str:
    """Run dlsetup of this checkout, with folders of its own, and return what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "provisioner", *words],
        cwd=CHECKOUT,
        env={**os.environ, "DLSETUP_HOME": str(home), "DLSETUP_CONFIG": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that uses a framework of the default index, exported twice."""
    folder = tmp_path_factory.mktemp("made-here")
    dlsetup(folder, "up", "demo", "jax", "--gpu", "none", "--python", PYTHON)
    dlsetup(folder, "env", "export", "demo", "-o", str(folder / "demo.bundle.tar"))
    dlsetup(folder, "env", "export", "demo", "-o", str(folder / "again.tar"))
    return folder / "demo.bundle.tar"


@pytest.fixture(scope="module")
def with_dlsetup(with_python: Root, new_root: MakeRoot) -> Root:
    """A root in which this dlsetup was used once, while there was a network."""
    root = new_root(with_python)
    archive = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
    )
    for name in archive.stdout.decode().split("\0"):
        if name.startswith(("provisioner/", "stacks/", "templates/", "requirements", "dlsetup")):
            root.put(f"/opt/dlsetup/{name}", (CHECKOUT / name).read_bytes())
    (root.upper / "opt/dlsetup/dlsetup").chmod(0o755)
    done = root.run("/opt/dlsetup/dlsetup", "--version")
    assert done.returncode == 0, done.stderr
    return root


def test_the_same_environment_gives_the_same_bundle(bundle: Path) -> None:
    assert bundle.read_bytes() == (bundle.parent / "again.tar").read_bytes()


def test_it_installs_without_a_network_and_computes(
    bundle: Path, with_dlsetup: Root, with_python: Root, new_root: MakeRoot
) -> None:
    root = new_root(with_dlsetup, with_python)
    root.put(PLACE, bundle.read_bytes())
    first = root.run("/opt/dlsetup/dlsetup", "env", "import", PLACE, network=False)
    used = root.run(
        *("/opt/dlsetup/dlsetup", "env", "run", "demo", "--", "python", "-c", USES), network=False
    )
    before = root.manifest()
    second = root.run("/opt/dlsetup/dlsetup", "env", "import", PLACE, network=False)

    assert first.returncode == 0, first.stdout + first.stderr
    assert first.stdout.startswith("demo is ready: jax ")
    assert (used.returncode, used.stdout) == (0, SEEN), used.stderr
    assert second.stdout.startswith("Nothing changed: demo is already what was asked for.\n")
    assert changed(before, root.manifest()) == set()


def test_it_installs_where_dlsetup_is_not(
    bundle: Path, with_python: Root, new_root: MakeRoot
) -> None:
    root = new_root(with_python)
    root.put(PLACE, bundle.read_bytes())
    unpacked = root.run("tar", "-xf", PLACE, "-C", "/root", network=False)
    first = root.run("bash", "/root/demo/install.sh", network=False)
    used = root.run("/root/dlsetup/demo/bin/python", "-c", USES, network=False)
    second = root.run("bash", "/root/demo/install.sh", network=False)

    assert (unpacked.returncode, unpacked.stderr) == (0, "")
    assert first.returncode == 0, first.stdout + first.stderr
    assert first.stdout.endswith("use it: /root/dlsetup/demo/bin/python\n")
    assert (used.returncode, used.stdout) == (0, SEEN), used.stderr
    assert second.returncode == 0
    assert second.stdout.splitlines()[-1] == first.stdout.splitlines()[-1]
    assert "Installed" not in second.stdout + second.stderr


def test_without_the_python_it_stops_before_anything_is_made(
    bundle: Path, new_root: MakeRoot
) -> None:
    root = new_root()
    root.put(PLACE, bundle.read_bytes())
    root.run("tar", "-xf", PLACE, "-C", "/root", network=False)
    done = root.run("bash", "/root/demo/install.sh", network=False)

    assert (done.returncode, done.stdout) == (1, "")
    assert f"stopped: Python {PYTHON} is needed, and none that runs is here" in done.stderr
    assert not (root.upper / "root/dlsetup").exists()


def changed(
    before: dict[str, tuple[int, int, str]], after: dict[str, tuple[int, int, str]]
) -> set[str]:
    """What differs below the environments: what a framework compiled for itself is its own."""
    names = before.keys() | after.keys()
    return {name for name in names if "/envs/" in name and before.get(name) != after.get(name)}
