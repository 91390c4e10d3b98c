"""The driver's step against apt with a local archive of empty packages under the true names.

The root has no devices mounted, so what the kernel would show are plain files.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from tests.integration.conftest import MakeRoot
from tests.integration.roots import Root

pytestmark = [pytest.mark.root, pytest.mark.network]  # the network brings Python, once

NOBLE = 'ID=ubuntu\nVERSION_ID="24.04"\n'
JAMMY = 'ID=ubuntu\nVERSION_ID="22.04"\n'
OPEN = "nvidia-driver-580-open"


@pytest.fixture
def machine(new_root: MakeRoot, with_python: Root, script: Callable[[str], str]) -> Root:
    """Looks like Ubuntu 24.04 with an NVIDIA GPU; the script wants the open driver 580."""
    root = new_root(with_python)
    root.put("/install.sh", script("torch-ubuntu-24.04-driver-580-open"))
    root.put("/etc/os-release", NOBLE)
    root.put("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n")
    archive(root)
    return root


def archive(root: Root, **packages: str) -> None:
    """Make an archive of empty packages the only one that apt knows."""
    root.put("/etc/apt/sources.list", "deb [trusted=yes] file:/srv/archive ./\n")
    folder = root.upper / "srv/archive"
    folder.mkdir(parents=True, exist_ok=True)
    index = []
    for name, version in packages.items():
        package = name.replace("_", "-")
        control = f"Package: {package}\nVersion: {version}\nArchitecture: all\n"
        control += "Maintainer: nobody <nobody@example.org>\nDescription: empty, for a test\n"
        made = build(folder, package, control)
        digest = sha256(made.read_bytes()).hexdigest()
        where = f"Filename: ./{made.name}\nSize: {made.stat().st_size}\nSHA256: {digest}\n"
        index.append(f"{control}{where}\n")
    (folder / "Packages").write_text("".join(index))


def build(folder: Path, package: str, control: str) -> Path:
    tree = folder / f"{package}.tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(control)
    made = folder / f"{package}.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-b", str(tree), str(made)],
        check=True,
        capture_output=True,
    )
    return made


def run(root: Root) -> subprocess.CompletedProcess[str]:
    """Run the script without a network; past the driver it can only fail at the installer."""
    return root.run("bash", "/install.sh", network=False, devices=False, PIP_RETRIES="0")


def plain_devices(root: Root) -> None:
    """What every program needs, where no real devices are mounted."""
    root.run(
        "sh",
        "-c",
        "rm -f /dev/null && mknod -m 666 /dev/null c 1 3; "
        "mknod -m 444 /dev/urandom c 1 9; ln -s /proc/self/fd /dev/fd",
        network=False,
        devices=False,
    )


def test_the_driver_is_installed_and_a_reboot_is_asked_for(machine: Root) -> None:
    plain_devices(machine)
    archive(machine, nvidia_driver_580_open="580.178.04-0ubuntu0.24.04.1")
    first = run(machine)
    again = run(machine)

    assert first.returncode == 10, first.stdout + first.stderr
    assert "The driver 580.178.04 is installed." in first.stdout
    assert "Reboot this machine, then run this script again" in first.stdout
    assert again.returncode == 10
    assert "The driver 580.178.04 is installed but not running." in again.stdout
    assert "Secure Boot" in again.stdout


def test_after_the_reboot_it_goes_on(machine: Root) -> None:
    plain_devices(machine)
    machine.put("/sys/module/nvidia/version", "580.178.04\n")
    result = run(machine)

    assert "[2/6] NVIDIA driver: nvidia-driver-580-open unless" in result.stdout
    assert "already done" in result.stdout.splitlines()[1]
    assert "pip could not get uv" in result.stderr


def test_a_name_that_redirects_to_another_branch_is_not_installed(machine: Root) -> None:
    plain_devices(machine)
    archive(machine, nvidia_driver_580_open="595.99.02-0ubuntu0.24.04.1")
    result = run(machine)

    assert result.returncode == 1
    assert f"apt would install driver 595.99.02 under the name {OPEN}" in result.stderr
    assert machine.run("dpkg-query", "-W", OPEN, network=False).returncode != 0


def test_a_package_that_apt_does_not_know_names_its_part_of_the_archive(machine: Root) -> None:
    plain_devices(machine)
    result = run(machine)

    assert result.returncode == 1
    assert f"apt knows no {OPEN}\n  it stands in the part 'restricted'" in result.stderr


def test_a_driver_from_nvidias_own_installer_is_not_overwritten(machine: Root) -> None:
    plain_devices(machine)
    machine.put("/usr/bin/nvidia-uninstall", "#!/bin/sh\n")
    machine.run("chmod", "755", "/usr/bin/nvidia-uninstall", network=False)
    result = run(machine)

    assert result.returncode == 1
    assert "remove it with: sudo nvidia-uninstall" in result.stderr


def test_a_machine_without_an_nvidia_gpu_gets_no_driver(machine: Root) -> None:
    plain_devices(machine)
    machine.put("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x8086\n")
    result = run(machine)

    assert result.returncode == 1
    assert "this machine shows no NVIDIA GPU" in result.stderr


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("/sys/module/nvidia/version", "470.256.02\n", id="sysfs"),
        pytest.param(
            "/proc/driver/nvidia/version",
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.256.02  Thu May  2 14:37:44 UTC"
            " 2024\nGCC version:  gcc version 11.4.0\n",
            id="procfs",
        ),
        pytest.param(
            "/proc/driver/nvidia/version",
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  440.33  Release Build\n",
            id="open-and-exactly-the-minimum",
        ),
    ],
)
def test_a_driver_that_runs_and_is_new_enough_is_kept(
    machine: Root, script: Callable[[str], str], path: str, text: str
) -> None:
    plain_devices(machine)
    machine.put("/etc/os-release", JAMMY)
    machine.put("/install.sh", script("torch-kepler-ubuntu-22.04-driver-470"))
    machine.put(path, text)
    result = run(machine)

    assert "already done" in result.stdout.splitlines()[1]


@pytest.mark.parametrize("running", ["390.157", "535.183.01"], ids=["too-old", "dropped-the-gpu"])
def test_a_driver_that_does_not_fit_is_replaced_where_it_was_not_known(
    running: str, machine: Root, script: Callable[[str], str]
) -> None:
    plain_devices(machine)
    machine.put("/etc/os-release", JAMMY)
    machine.put("/install.sh", script("torch-kepler-ubuntu-22.04-driver-470"))
    machine.put("/sys/module/nvidia/version", f"{running}\n")
    archive(machine, nvidia_driver_470="470.256.02-0ubuntu0.22.04.6")
    result = run(machine)

    assert result.returncode == 10, result.stdout + result.stderr
    assert "The driver 470.256.02 is installed." in result.stdout


def test_a_driver_that_was_to_be_kept_and_is_too_old_stops_the_script(
    machine: Root, script: Callable[[str], str]
) -> None:
    plain_devices(machine)
    machine.put("/etc/os-release", JAMMY)
    machine.put("/install.sh", script("torch-cu126-ubuntu-22.04-keep"))
    machine.put("/sys/module/nvidia/version", "470.256.02\n")
    result = run(machine)

    assert result.returncode == 1
    assert "must be 525.60.13 or later, and this machine runs 470.256.02" in result.stderr


def test_on_wsl2_no_driver_is_ever_installed(machine: Root, script: Callable[[str], str]) -> None:
    plain_devices(machine)
    machine.put("/install.sh", script("tensorflow-ubuntu-24.04-wsl2"))
    machine.put("/proc/sys/kernel/osrelease", "5.15.167.4-microsoft-standard-WSL2\n")
    archive(machine, nvidia_driver_580="580.178.04-0ubuntu0.24.04.1")
    result = run(machine)

    assert result.returncode == 1
    assert "the NVIDIA driver of Windows must be 527.41 or later" in result.stderr


def test_a_script_for_wsl2_is_refused_elsewhere_and_the_other_way_round(
    machine: Root, script: Callable[[str], str]
) -> None:
    plain_devices(machine)
    machine.put("/proc/sys/kernel/osrelease", "5.15.167.4-microsoft-standard-WSL2\n")
    there = run(machine)
    machine.put("/install.sh", script("tensorflow-ubuntu-24.04-wsl2"))
    machine.put("/proc/sys/kernel/osrelease", "6.8.0-45-generic\n")
    here = run(machine)

    assert "made for a machine with WSL2: no, and here it is: yes" in there.stderr
    assert "made for a machine with WSL2: yes, and here it is: no" in here.stderr
