"""A driver is held whatever cut a run off, and --uninstall leaves what others need."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.conftest import MakeRoot
from tests.integration.roots import Root
from tests.integration.stand_ins import stand_ins
from tests.integration.test_driver_parts import held, installed, run, said
from tests.integration.test_driver_steps import JAMMY, build, plain_devices

pytestmark = [pytest.mark.root, pytest.mark.network]  # the network brings Python, once

KEPLER = "torch-kepler-ubuntu-22.04-driver-470"
DRIVER = {"nvidia-driver-470": "470.256.02-0ubuntu0.22.04.6"}
Script = Callable[[str], str]


@pytest.fixture
def machine(new_root: MakeRoot, with_python: Root) -> Root:
    """Looks like Ubuntu 22.04 with an NVIDIA GPU that newer branches drop."""
    root = new_root(with_python)
    plain_devices(root)
    root.put("/etc/os-release", JAMMY)
    root.put("/proc/stat", "btime 1\n")
    root.put("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n")
    return root


def test_a_run_that_was_killed_before_the_hold_is_followed_by_one_that_holds(
    machine: Root, script: Script
) -> None:
    machine.put("/install.sh", script(KEPLER))
    stand_ins(machine, DRIVER)
    run(machine)
    said(machine, "apt-mark", "unhold", "nvidia-driver-470")  # as the killed run left it
    again = run(machine)
    before_the_reboot = held(machine)
    said(machine, "apt-mark", "unhold", "nvidia-driver-470")
    machine.put("/sys/module/nvidia/version", "470.256.02\n")
    after = run(machine)

    assert again.returncode == 10, again.stdout + again.stderr
    assert before_the_reboot == held(machine) == ["nvidia-driver-470"]
    assert "held: nvidia-driver-470" in after.stdout


def test_a_driver_of_somebody_elses_is_not_held(machine: Root, script: Script) -> None:
    machine.put("/install.sh", script(KEPLER))
    stand_ins(machine, DRIVER)
    said(machine, "sh", "-c", "apt-get -q update; apt-get -q -y install nvidia-driver-470")
    machine.put("/sys/module/nvidia/version", "470.256.02\n")
    run(machine)

    assert held(machine) == []


def test_what_something_else_needs_stays_with_the_notes_of_it(
    machine: Root, script: Script, tmp_path: Path
) -> None:
    machine.put("/install.sh", script(KEPLER))
    stand_ins(machine, DRIVER)
    before = installed(machine)
    run(machine)
    control = "Package: needs-it\nVersion: 1\nArchitecture: all\nMaintainer: a test <a@b.org>\n"
    needs = build(tmp_path, "needs-it", f"{control}Depends: nvidia-driver-470\nDescription: x\n")
    machine.put("/needs-it.deb", "")
    shutil.copy(needs, machine.upper / "needs-it.deb")
    said(machine, "dpkg", "-i", "/needs-it.deb")
    refused = run(machine, "--yes", "--uninstall")
    notes = machine.upper / "root/dlsetup/torch/.dlsetup/added"
    kept = notes.read_text()
    said(machine, "dpkg", "--purge", "needs-it")
    done = run(machine, "--yes", "--uninstall")

    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "stopped: still installed: nvidia-driver-470" in refused.stderr
    assert "nvidia-driver-470" in kept
    assert done.returncode == 0, done.stdout + done.stderr
    assert installed(machine) == before
    assert not (machine.upper / "root/dlsetup/torch").exists()
