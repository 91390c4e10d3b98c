"""``up`` installs a driver for real: dpkg, apt and a local archive of empty packages.

The packages bear the true names and versions of Ubuntu 24.04; a GPU is told by the environment and
by a plain file below /sys, torch is a made wheel that says it computes on a GPU.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.integration.boxes import CHECKOUT, REQ, STATE, Box
from tests.integration.conftest import MakeRoot
from tests.integration.roots import Root
from tests.integration.test_driver_steps import NOBLE, archive
from tests.unit.upkeep.loopback import Loopback

pytestmark = [pytest.mark.root, pytest.mark.network]  # the network brings Python, once

VERSION = "580.178.04-0ubuntu0.24.04.1"
OPEN = "nvidia-driver-580-open"
NEW = {OPEN, "nvidia-settings", "python3-venv"}
PARTS = ("libnvidia-compute-580", "nvidia-dkms-580-open", "nvidia-utils-580")
NEW |= {*PARTS}


QUESTION = f"""\
This plan changes the system, as root:
  packages  python3-venv
  driver    nvidia-driver-580-open, branch 580
  reboot    when it is done; then the same command goes on
  script    less {STATE}/demo.sh
  undo      dlsetup system undo
Go on? [y/N]: y
"""
REFUSED = f"""\
error: needs-root

Root is needed, and there is no terminal to ask at. Nothing was changed.

  packages  python3-venv
  driver    nvidia-driver-580-open, branch 580
  reboot    when it is done; then the same command goes on

hint: Read the script: less {STATE}/demo.sh
      run it by hand: bash {STATE}/demo.sh
      or say yes to the question, at a terminal or with --yes
"""
LEFT = "Nothing that dlsetup installed as root is left.\n"
OLD = ("libnvidia-gl-470", "nvidia-driver-470")
POSTINST = """#!/bin/sh
if [ "$(cat /fails 2>/dev/null)" = "$DPKG_MAINTSCRIPT_PACKAGE" ]; then exit 1; fi
if [ "$(cat /kills 2>/dev/null)" = "$DPKG_MAINTSCRIPT_PACKAGE" ]; then kill -9 $PPID; fi
if [ -e /slow ]; then touch /slowly; sleep "$(cat /slow)"; fi
"""
"""Of every package of the archive: told to by a file, it fails, takes its time or kills dpkg."""


@pytest.fixture
def box(new_root: MakeRoot, with_python: Root, index: Loopback) -> Box:
    return furnished(new_root(with_python), index)


def furnished(root: Root, index: Loopback) -> Box:
    """Make it Ubuntu 24.04 with a GPU, whose apt knows the archive of empty packages alone."""
    root.put("/etc/os-release", NOBLE)
    fields = {
        OPEN: f"Depends: {', '.join(PARTS)}\nRecommends: nvidia-settings\n"
        f"Conflicts: {', '.join(OLD)}\n",
        "needs-utils": f"Depends: {PARTS[2]}\n",
        "needs-driver": f"Depends: {OPEN}\n",
    }
    names = dict.fromkeys((OPEN, *PARTS), VERSION) | dict.fromkeys(OLD, "470.1-1")
    names |= {"nvidia-settings": "510.47.03-0ubuntu4", "python3-venv": "3.12.3-0ubuntu2"}
    names |= {"needs-utils": "1", "needs-driver": "1", "hello": "2.10-3build1"}
    archive(
        root,
        fields,
        POSTINST,
        **{name.replace("-", "_"): version for name, version in names.items()},
    )
    done = root.run("sh", "-c", "apt-get -q -y purge python3-venv && apt-get -q update")
    assert done.returncode == 0, done.stderr
    return Box(root, index)


def test_it_is_shown_asked_for_installed_recorded_and_taken_back(box: Box) -> None:
    before = box.state()
    code, said = box.answered("y", "up", "demo", *REQ)

    assert (code, QUESTION in said) == (1, True), said
    assert "error: reboot-needed" in said
    assert box.installed() >= NEW
    (change,) = box.changes
    assert {*change.installed} == NEW
    assert change.installed[OPEN] == VERSION
    undone, told = box.answered("y", "system", "undo")
    assert undone == 0, told
    assert box.state() == before
    assert box.dlsetup("system", "undo").stdout == LEFT
    assert not box.changes


def test_a_no_changes_nothing(box: Box) -> None:
    before = box.state()
    code, said = box.answered("n", "up", "demo", *REQ)

    assert code == 1
    assert "Root is needed, and you said no. Nothing was changed." in said
    assert box.state() == before
    assert not box.changes


def test_without_a_terminal_it_is_refused_and_the_script_can_be_run_by_hand(box: Box) -> None:
    before = box.state()
    refused = box.up()
    asked = box.up("--json")

    assert (refused.returncode, error_in(refused.stderr)) == (1, REFUSED)
    assert json.loads(asked.stdout)["errors"][0]["reference"] == "needs-root"
    assert box.state() == before
    by_hand = box.run("bash", f"{STATE}/demo.sh")
    assert by_hand.returncode == 10, by_hand.stderr
    assert box.installed() >= NEW


def test_after_the_reboot_the_same_command_goes_on_and_the_driver_is_then_in_use(
    box: Box, tmp_path: Path
) -> None:
    before = box.state()
    first, again = box.up("--yes"), box.dlsetup("up", "other", *REQ)
    rebooted = {"DLSETUP_OVERRIDE_DRIVER": "580.178.04"}
    box.root.put("/sys/module/nvidia/version", "580.178.04\n")
    box.root.put("/usr/lib/x86_64-linux-gnu/libcuda.so.1", cuda(tmp_path))
    second = box.up("--json", **rebooted)
    in_use = box.dlsetup("system", "undo", "--yes")

    assert "error: reboot-needed" in first.stderr
    assert "error: reboot-needed" in again.stderr  # it asks for nothing twice
    assert second.returncode == 0, second.stdout
    assert json.loads(second.stdout)["data"]["environment"]["plan"]["driver"]["action"] == "keep"
    assert (in_use.returncode, "error: system-in-use" in in_use.stderr) == (1, True)
    assert "demo  computes with the driver nvidia-driver-580-open" in in_use.stderr
    assert box.dlsetup("env", "remove", "demo").returncode == 0
    assert box.dlsetup("system", "undo", "--yes").returncode == 0
    assert box.state() == before


def test_the_driver_that_was_replaced_comes_back(box: Box) -> None:
    box.run("apt-get", "-y", "-q", "install", *OLD)
    box.run("apt-mark", "auto", OLD[0])
    before = box.state()
    done = box.up("--yes", DLSETUP_OVERRIDE_DRIVER="470.256.02")
    assert "error: reboot-needed" in done.stderr, done.stderr
    assert not {*OLD} & box.installed()
    told = box.dlsetup("system", "undo", "--yes")

    assert told.returncode == 0, told.stderr
    assert "restores  libnvidia-gl-470 470.1-1, nvidia-driver-470 470.1-1" in told.stderr
    assert box.state() == before


def test_where_the_new_driver_is_needed_by_now_the_old_one_does_not_come_back(box: Box) -> None:
    box.run("apt-get", "-y", "-q", "install", *OLD)
    box.up("--yes", DLSETUP_OVERRIDE_DRIVER="470.256.02")
    box.run("apt-get", "-y", "-q", "install", "needs-driver")
    told = box.dlsetup("system", "undo", "--yes")

    assert told.returncode == 0, told.stderr
    assert "restores" not in told.stderr
    assert {OPEN, *PARTS} <= box.installed()
    assert not {*OLD} & box.installed()


@pytest.mark.parametrize("broken", [OPEN, PARTS[1]])
def test_what_a_failed_run_left_is_recorded_and_taken_back(box: Box, broken: str) -> None:
    before = box.state()
    box.root.put("/fails", broken)
    failed = box.up("--yes")
    recorded = {name for change in box.changes for name in change.installed}
    undone = box.dlsetup("system", "undo", "--yes")

    assert failed.returncode == 3, failed.stderr
    assert "error: system-steps-failed" in failed.stderr
    told = (
        "stopped: step 2 (NVIDIA driver: nvidia-driver-580-open unless one that fits runs) failed"
    )
    assert told in failed.stderr
    assert recorded == NEW
    assert undone.returncode == 0, undone.stderr
    assert box.state() == before


def test_a_failed_run_goes_on_when_the_cause_is_gone(box: Box) -> None:
    before = box.state()
    box.root.put("/fails", PARTS[1])
    failed = box.up("--yes")
    (box.root.upper / "fails").unlink()
    second = box.up("--yes")

    assert failed.returncode == 3
    assert "error: reboot-needed" in second.stderr, second.stderr
    assert box.dlsetup("system", "undo", "--yes").returncode == 0
    assert box.state() == before


KILLED = f"""
"$@" >/first 2>&1 &
until [ -e /slowly ]; do sleep 0.1; done
kill -9 $!
"$@" >/second 2>&1
until grep -q 'Reboot this machine' {STATE}/demo.log; do sleep 0.1; done
"""


def test_where_up_is_killed_the_script_comes_to_its_end_and_all_is_known(box: Box) -> None:
    before = box.state()
    box.root.put("/slow", "4")
    box.run("sh", "-c", KILLED, "sh", *box.words("up", "demo", *REQ, "--yes"))
    meanwhile = (box.root.upper / "second").read_text()
    assert "error: system-busy" in meanwhile, meanwhile
    (box.root.upper / "slow").unlink()
    box.run("apt-get", "-y", "-q", "install", "hello")  # the user's own wish
    again = box.up("--yes")

    assert "error: reboot-needed" in again.stderr, again.stderr
    assert {name for change in box.changes for name in change.installed} == NEW
    assert box.dlsetup("system", "undo", "--yes").returncode == 0
    assert "hello" in box.installed()
    box.run("apt-get", "-y", "-q", "purge", "hello")
    assert box.state() == before


def test_after_a_power_loss_the_same_command_goes_on(box: Box) -> None:
    before = box.state()
    box.root.put("/slow", "2")
    running = box.start("up", "demo", *REQ, "--yes")
    wait_for(box.root.upper / "slowly", running)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    time.sleep(3)  # dpkg has a session of its own: what it ran is over then
    (box.root.upper / "slow").unlink()
    second = box.up("--yes")

    assert "error: reboot-needed" in second.stderr, second.stderr
    assert box.dlsetup("system", "undo", "--yes").returncode == 0
    assert box.state() == before


def test_ctrl_c_lets_apt_come_to_its_end_and_does_nothing_more(box: Box) -> None:
    before = box.state()
    box.root.put("/slow", "3")
    running = box.start("up", "demo", *REQ, "--yes")
    wait_for(box.root.upper / "slowly", running)
    running.send_signal(signal.SIGINT)
    running.wait(timeout=60)

    assert running.returncode == 130
    assert {name for change in box.changes for name in change.installed} == {"python3-venv"}
    assert box.dlsetup("system", "undo", "--yes").returncode == 0
    assert box.state() == before


def test_where_apt_reaches_nothing_nothing_is_changed(box: Box) -> None:
    before = box.state()
    (box.root.upper / "srv/archive/Packages").unlink()
    failed = box.up("--yes")

    assert failed.returncode == 3
    assert "stopped: step 1 (System packages: " in failed.stderr
    assert "failed (code 100), see above" in failed.stderr
    assert box.state() == before
    assert not box.changes


def test_what_something_else_needs_by_now_stays(box: Box) -> None:
    box.up("--yes")
    box.run("apt-get", "-y", "-q", "install", "needs-utils")
    box.run("apt-mark", "manual", PARTS[0])
    undone = box.dlsetup("system", "undo", "--yes")
    second = box.dlsetup("system", "undo", "--yes")

    assert undone.returncode == 0, undone.stderr
    assert (
        "stays    libnvidia-compute-580, nvidia-utils-580 (needed by something else now)"
        in undone.stderr
    )
    stay = {PARTS[0], PARTS[2]}
    assert {"needs-utils", *stay} <= box.installed()
    assert not (NEW - stay) & box.installed()
    assert (second.returncode, "Nothing can be taken back" in second.stdout) == (0, True)


def test_what_has_to_be_known_before_the_reboot_is_said(box: Box) -> None:
    box.root.put("/sys/firmware/efi/efivars/SecureBoot-8be4df61", bytes([6, 0, 0, 0, 1]))
    done = box.up("--yes")

    assert "error: reboot-needed" in done.stderr
    assert SAID in done.stderr, done.stderr


SAID = """\
  note: Secure Boot is on: the kernel takes the driver once the key it is signed with
  is enrolled. BEFORE the reboot run this, and make up a password when it asks for one:
  sudo mokutil --import /var/lib/dkms/mok.pub
  AT the reboot a blue screen, "Perform MOK management", waits ten seconds for a key. Choose
  Enroll MOK > Continue > Yes > that password > Reboot
  If that is missed, give the command again and reboot once more.
"""


def test_offline_nothing_is_asked_and_nothing_done(box: Box) -> None:
    before = box.state()
    refused = box.up("--yes", "--offline")

    assert (refused.returncode, "error: needs-network" in refused.stderr) == (1, True)
    assert box.state() == before


def cuda(tmp_path: Path) -> bytes:
    """The stand-in for the library of CUDA's driver, which shows one GPU."""
    source = CHECKOUT / "tests/fake_cuda/fake_cuda.c"
    made = tmp_path / "libcuda.so.1"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", made, source], check=True)
    return made.read_bytes()


def error_in(said: str) -> str:
    """What is said of an error, but for the place of the log, which bears a time."""
    return re.sub(r"  log  .*\n", "", said[said.index("error: ") :])


def wait_for(path: Path, running: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while not path.exists():
        assert running.poll() is None
        assert time.monotonic() < end
        time.sleep(0.1)
