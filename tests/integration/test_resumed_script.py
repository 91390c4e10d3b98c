"""The script cut short anywhere and run again, taken back, and where there is no room."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from tests.integration.conftest import MakeRoot
from tests.integration.laboratory import NEW, Laboratory
from tests.integration.roots import Root
from tests.integration.test_system_steps import PARTS
from tests.unit.upkeep.loopback import Loopback, serving

pytestmark = [pytest.mark.root, pytest.mark.network]  # the network brings Python, once

PLAN = "torch-ubuntu-24.04-driver-580-open"
NOTES = ".dlsetup/added"


@pytest.fixture(scope="module")
def own_index() -> Iterator[Loopback]:
    with serving() as served:
        yield served


@pytest.fixture
def laboratory(
    new_root: MakeRoot, with_python: Root, own_index: Loopback, script: Callable[[str], str]
) -> Laboratory:
    return Laboratory(new_root(with_python), own_index, script(PLAN))


@pytest.fixture(scope="module")
def undisturbed(
    new_root: MakeRoot, with_python: Root, own_index: Loopback, script: Callable[[str], str]
) -> Laboratory:
    """A run that nothing cut short."""
    made = Laboratory(new_root(with_python), own_index, script(PLAN))
    made.to_the_end()
    return made


def same(one: Laboratory, other: Laboratory) -> None:
    """See that two machines hold the same; what was noted twice is one note."""
    assert one.system() == other.system()
    found, expected = one.files(), other.files()
    assert {*found.pop(NOTES).split()} == {*expected.pop(NOTES).split()}
    assert found == expected


@pytest.mark.parametrize("delay", [0.0, 0.5])
@pytest.mark.parametrize("step", [1, 2, 3, 4, 5, 6])
def test_killed_at_any_step_and_run_again_it_ends_the_same(
    step: int, delay: float, laboratory: Laboratory, undisturbed: Laboratory
) -> None:
    if step > 2:
        assert laboratory.script().returncode == 10
        laboratory.reboot()
    assert killed(laboratory, f"[{step}/6]", delay)
    laboratory.to_the_end()

    same(laboratory, undisturbed)


@pytest.mark.parametrize("package", ["python3-venv", PARTS[1]])
def test_killed_together_with_dpkg_and_run_again_it_ends_the_same(
    package: str, laboratory: Laboratory, undisturbed: Laboratory
) -> None:
    laboratory.root.put("/kills", package)
    first = laboratory.script()
    assert first.returncode not in {0, 10}
    assert package not in laboratory.installed()
    (laboratory.root.upper / "kills").unlink()
    laboratory.to_the_end()

    same(laboratory, undisturbed)


def test_run_once_more_it_changes_nothing(undisturbed: Laboratory) -> None:
    system, before = undisturbed.system(), undisturbed.manifest()
    again = undisturbed.script()

    assert again.returncode == 0
    assert undisturbed.system() == system
    assert undisturbed.manifest() == before


def test_uninstalling_leaves_what_was_there_before_and_nothing_else(
    laboratory: Laboratory,
) -> None:
    before = laboratory.system()
    laboratory.to_the_end()
    assert laboratory.installed() >= NEW
    first, second = laboratory.script("--uninstall", "--yes"), laboratory.script("--uninstall")

    assert first.returncode == 0, first.stderr
    assert laboratory.system() == before
    assert not (laboratory.root.upper / "root/dlsetup/torch").exists()
    assert second.returncode == 0
    assert "nothing of this script is in /root/dlsetup/torch" in second.stderr


def test_uninstalling_is_asked_for_and_names_all_that_goes(laboratory: Laboratory) -> None:
    laboratory.to_the_end()
    before = laboratory.manifest()
    refused = laboratory.script("--uninstall")

    assert refused.returncode == 1
    assert refused.stderr == (
        "\nstopped: This removes /root/dlsetup/torch, and of the system: "
        f"{' '.join(sorted(NEW))}\n  say yes at a terminal, or run it with --yes\n"
    )
    assert laboratory.manifest() == before


def test_uninstalling_leaves_what_something_else_needs_by_now(laboratory: Laboratory) -> None:
    laboratory.to_the_end()
    laboratory.run("apt-get", "-y", "-q", "install", "needs-utils")
    refused = laboratory.script("--uninstall", "--yes")
    left = laboratory.installed()
    laboratory.run("apt-get", "-y", "-q", "purge", "needs-utils")
    done = laboratory.script("--uninstall", "--yes")

    assert refused.returncode == 1, refused.stderr
    assert {"needs-utils", PARTS[2]} <= left
    assert not (NEW - {PARTS[2]}) & left
    assert "needs-utils depends on nvidia-utils-580" in refused.stderr
    assert f"stopped: still installed: {PARTS[2]}\n" in refused.stderr
    assert done.returncode == 0, done.stderr
    assert not NEW & laboratory.installed()


def test_uninstalling_what_was_cut_short_leaves_nothing_and_may_be_cut_short_too(
    laboratory: Laboratory,
) -> None:
    before = laboratory.system()
    assert laboratory.script().returncode == 10
    laboratory.reboot()
    assert killed(laboratory, "[5/6]", 0.2)
    assert killed(laboratory, "Removing", 0.0, "--uninstall", "--yes")
    done = laboratory.script("--uninstall", "--yes")

    assert done.returncode == 0, done.stderr
    assert laboratory.system() == before
    assert not (laboratory.root.upper / "root/dlsetup/torch").exists()


def test_after_uninstalling_it_installs_again(
    laboratory: Laboratory, undisturbed: Laboratory
) -> None:
    laboratory.to_the_end()
    assert laboratory.script("--uninstall", "--yes").returncode == 0
    laboratory.without_driver()
    laboratory.to_the_end()

    same(laboratory, undisturbed)


FULL = """
mkdir -p /small && mount -t tmpfs -o size={first} none /small
DLSETUP_ENV=/small/torch bash /install.sh
echo "code $?"
mount -o remount,size=200m /small
DLSETUP_ENV=/small/torch bash /install.sh
echo "code $?"
"""


@pytest.mark.parametrize("first", ["8k", "2m", "12m"])
def test_where_the_disk_is_full_it_stops_and_goes_on_when_there_is_room(
    first: str, laboratory: Laboratory
) -> None:
    laboratory.reboot()
    done = laboratory.run("sh", "-c", FULL.format(first=first))

    assert [line for line in done.stdout.splitlines() if "code" in line] == ["code 1", "code 0"]
    assert "\nstopped: step " in done.stderr


def killed(laboratory: Laboratory, line: str, delay: float, *options: str) -> bool:
    """Run the script, and end it and all that it started a moment after it said something."""
    words = ("bash", "/install.sh", *options)
    command, environment = laboratory.root.command(*words)
    with subprocess.Popen(
        command,
        env=environment | laboratory.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        assert running.stdout is not None
        for said in running.stdout:
            if said.startswith(line):
                time.sleep(delay)
                os.killpg(running.pid, signal.SIGKILL)
                break
        running.stdout.read()
        code = running.wait()
    time.sleep(1)  # dpkg has a session of its own
    return code == -signal.SIGKILL or delay > 0
