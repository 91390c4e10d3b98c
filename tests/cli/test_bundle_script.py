"""The script inside a bundle: it installs where dlsetup is not, or says what is lacking."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.environments import PYTHON, Home, package, tensorflow
from tests.unit.bundle.tars import taken_apart
from tests.unit.upkeep.loopback import serving
from tests.unit.upkeep.wheels import installable

SHELLCHECK = Path(sys.executable).parent / "shellcheck"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a bundle and what tar makes of it; its index is gone."""
    with serving() as index:
        tensorflow(index)
        package(index, "fine", "1.0", "")
        home = Home(tmp_path_factory.mktemp("script"), index)
        assert home.up("demo", "tensorflow-cpu", "fine").code == 0
        assert home.run("env", "export", "demo", "-o", str(home.path)).code == 0
    subprocess.run(["tar", "-xf", "demo.bundle.tar"], cwd=home.path, check=True)
    return home.path


@pytest.fixture
def unpacked(made: Path, tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return Path(shutil.copytree(made / "demo", tmp_path / "demo"))


def run(unpacked: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the script with this Python alone, where no index can be asked."""
    tools = unpacked.parent / "tools"
    tools.mkdir(exist_ok=True)
    python = tools / f"python{PYTHON}"
    if not python.exists():
        python.symlink_to(os.path.realpath(sys.executable))
    env = {
        "PATH": f"{tools}:/usr/bin:/bin",
        "HOME": str(unpacked.parent / "home"),
        "UV_DEFAULT_INDEX": "http://127.0.0.1:9/",
        "UV_CACHE_DIR": str(unpacked.parent / "cache"),
    }
    return subprocess.run(
        ["bash", str(unpacked / "install.sh"), *words],
        env=env | more,
        cwd="/",
        check=False,
        capture_output=True,
        text=True,
    )


SAID = """\
[1/3] An environment with Python {python} …
[2/3] The packages of the lock …
[3/3] Verification …
  tensorflow-cpu 2.21.0
  tensorflow 2.21.0 computes on CPU:0
  import fine: fine

ready: tensorflow-cpu 2.21.0
use it: {place}/bin/python
"""


def test_it_installs_proves_and_leaves_alone_what_is_done(unpacked: Path) -> None:
    place = unpacked.parent / "home" / "dlsetup" / "demo"
    first, second = run(unpacked), run(unpacked)

    assert (first.returncode, first.stdout) == (0, SAID.format(python=PYTHON, place=place)), (
        first.stderr
    )
    assert second.returncode == 0
    assert "Installed" not in second.stderr


def test_another_folder_may_be_named_and_a_taken_one_stays(unpacked: Path) -> None:
    taken = unpacked.parent / "taken"
    taken.mkdir()
    (taken / "thesis.txt").write_text("years of work")
    refused = run(unpacked, DLSETUP_ENV=str(taken))
    fine = run(unpacked, DLSETUP_ENV=str(unpacked.parent / "fine"))

    assert refused.returncode == 1
    assert (
        f"stopped: {taken} holds something else: files that this script did not make"
        in refused.stderr
    )
    assert os.listdir(taken) == ["thesis.txt"]
    assert fine.returncode == 0, fine.stderr


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        ("ARCH", "riscv64", "made for riscv64, and this is x86_64"),
        ("GLIBC", "2.99", "glibc 2.99 or later is needed, and this system has glibc 2."),
        ("PYTHON", "3.99", "Python 3.99 is needed, and none that runs is here"),
    ],
)
def test_what_this_machine_lacks_is_told_before_anything_is_made(
    setting: str, value: str, reason: str, unpacked: Path
) -> None:
    script = unpacked / "install.sh"
    text = script.read_text()
    script.write_text(
        re.sub(rf"^NEEDED_{setting}=.*", f"NEEDED_{setting}={value}", text, flags=re.MULTILINE)
    )
    done = run(unpacked)

    assert (done.returncode, done.stdout) == (1, "")
    assert f"stopped: {reason}" in done.stderr
    assert not (unpacked.parent / "home" / "dlsetup").exists()


def test_a_changed_wheel_is_not_installed(unpacked: Path) -> None:
    name, data = installable("fine", "1.0", {"fine.py": "print('other')"})
    (unpacked / "wheels" / name).write_bytes(data)
    done = run(unpacked)

    assert done.returncode == 1
    assert "Hash mismatch for `fine==1.0`" in done.stderr
    assert "stopped: step 2 (The packages of the lock) failed (code 1), see above" in done.stderr


@pytest.mark.linter
def test_shellcheck_finds_nothing_to_say(made: Path) -> None:
    script = taken_apart(made / "demo.bundle.tar")["demo/install.sh"]
    done = subprocess.run([str(SHELLCHECK), "-"], input=script, capture_output=True, check=False)

    assert (done.returncode, done.stdout) == (0, b"")
