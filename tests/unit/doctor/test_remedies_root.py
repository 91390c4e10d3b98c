"""Commands in fixes that need root, really given in a Debian 12: apt, dpkg, and files of modprobe.

The packages are entries of dpkg's own list: enough for apt to hold, mend and remove them.
"""

from __future__ import annotations

import subprocess

import pytest

from provisioner.doctor.remedies import CHECK
from tests.integration.conftest import MakeRoot, new_root
from tests.integration.roots import Root
from tests.unit.doctor.grid import commands, told

pytestmark = pytest.mark.root
__all__ = ["new_root"]

SUDO = '#!/bin/sh\nexec "$@"\n'
YES = 'APT::Get::Assume-Yes "true";\n'
DRIVER = ("nvidia-driver-535", "nvidia-dkms-535", "libnvidia-compute-535", "libnvidia-ml1")
OTHERS = ("nvidia-container-toolkit", "libnvidia-container1", "nvidia-cuda-toolkit")


@pytest.fixture
def debian(new_root: MakeRoot) -> Root:
    """Debian 12 with a driver of Ubuntu's names, and what stands beside one."""
    root = new_root()
    root.put("/usr/bin/sudo", SUDO)
    root.put("/etc/apt/apt.conf.d/yes", YES)
    root.put("/etc/apt/sources.list", "")
    done = root.run("chmod", "+x", "/usr/bin/sudo", network=False)
    assert done.returncode == 0, done.stderr
    return root


def listed(root: Root, *names: str, state: str = "install ok installed") -> None:
    """Put packages into dpkg's list."""
    before = root.run("cat", "/var/lib/dpkg/status", network=False).stdout
    entries = [
        f"Package: {name}\nStatus: {state}\nVersion: 535.183.01-1\nArchitecture: amd64\n"
        f"Maintainer: nobody <nobody@localhost>\nDescription: {name}\n"
        for name in names
    ]
    root.put("/var/lib/dpkg/status", "\n".join([before.rstrip("\n") + "\n", *entries]))


def command(reference: str, holding: str) -> str:
    """The command of a fix on a Debian 12 that holds some words."""
    lines = told(reference, "pascal-bookworm", container=False, packages=())
    found = [one for line in lines for one in commands(line.removeprefix(CHECK))]
    (first,) = dict.fromkeys(one for one in found if holding in one)
    return first


def given(root: Root, line: str) -> subprocess.CompletedProcess[str]:
    return root.run("bash", "-c", line, network=False)


def packages(root: Root) -> set[str]:
    """Those that are installed."""
    asked = given(root, "dpkg-query -W -f '${Package} ${db:Status-Abbrev}\\n'").stdout
    return {line.split()[0] for line in asked.splitlines() if line.split()[1] in {"ii", "hi"}}


@pytest.mark.parametrize("reference", ["mixed-driver-installs", "held-packages"])
def test_the_driver_goes_and_everything_else_stays(debian: Root, reference: str) -> None:
    listed(debian, *DRIVER, *OTHERS)
    done = given(debian, command(reference, "apt purge"))
    assert done.returncode == 0, done.stdout + done.stderr
    left = packages(debian)
    assert not left & set(DRIVER)
    assert left >= set(OTHERS)


def test_what_is_held_is_seen_and_released(debian: Root) -> None:
    listed(debian, "nvidia-driver-535", state="hold ok installed")
    seen = given(debian, command("held-packages", "showhold"))
    assert seen.stdout.startswith("nvidia-driver-535\n"), seen
    assert "Installed: 535.183.01-1" in seen.stdout
    released = command("held-packages", "unhold").replace("NAME", "nvidia-driver-535")
    assert given(debian, released).returncode == 0
    assert given(debian, "apt-mark showhold").stdout == ""


def test_what_is_half_installed_is_mended(debian: Root) -> None:
    listed(debian, "libnvidia-compute-535", state="install ok unpacked")
    mended = given(debian, command("held-packages", "--configure"))
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert "libnvidia-compute-535" in packages(debian)
    assert given(debian, command("held-packages", "apt-get check")).returncode == 0


def test_the_packages_of_two_drivers_are_listed(debian: Root) -> None:
    listed(debian, "nvidia-driver-535", "nvidia-utils-550")
    seen = given(debian, command("nvml-mismatch", "dpkg -l"))
    assert seen.returncode == 0, seen.stderr
    assert "nvidia-driver-535" in seen.stdout
    assert "nvidia-utils-550" in seen.stdout


def test_the_old_lists_of_cuda_go_and_others_stay(debian: Root) -> None:
    for name in ("cuda.list", "cuda-debian12-x86_64.list", "nvidia-ml.list", "docker.list"):
        debian.put(f"/etc/apt/sources.list.d/{name}", "# a repository\n")
    given(debian, command("apt-gpg-key", "sources.list.d"))
    assert given(debian, "ls /etc/apt/sources.list.d").stdout.split() == ["docker.list"]


def test_nouveau_is_kept_from_loading(debian: Root) -> None:
    given(debian, "mkdir -p /etc/modprobe.d")
    done = given(debian, command("nouveau", "blacklist"))
    assert done.returncode == 0, done.stderr
    written = given(debian, "cat /etc/modprobe.d/nouveau.conf").stdout
    assert written == "blacklist nouveau\noptions nouveau modeset=0\n"


def test_the_cache_of_the_loader_is_made_anew(debian: Root) -> None:
    assert given(debian, command("forward-compat-804", "sudo ldconfig")).returncode == 0
    listed_now = given(debian, command("forward-compat-804", "ldconfig -p"))
    assert "compat" not in listed_now.stdout
