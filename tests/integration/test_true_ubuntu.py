"""Rendered scripts in a true Ubuntu 24.04; skipped where its archive does not answer."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.boxes import CHECKOUT
from tests.integration.roots import Root
from tests.integration.ubuntu import PATH, installed, kernel_runs, program, ubuntu

pytestmark = [
    pytest.mark.root,
    pytest.mark.network,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the archive is asked for x86_64"),
]

CPU = ("tensorflow-cpu", "--gpu", "none", "--os", "ubuntu-24.04", "--arch", "x86_64")
DRIVER = ("torch", "--gpu", "RTX 4090", "--driver", "none", "--os", "ubuntu-24.04")
ONLY_TOLD = """
case "$*" in *" install nvidia-driver-"*) set -- -s "$@" ;; esac
exec /usr/bin/apt-get "$@"
"""


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Root]:
    """A true Ubuntu with an NVIDIA GPU. Its files go when the test ends: they are many."""
    root = ubuntu(tmp_path / "root")
    root.put("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n")
    yield root
    shutil.rmtree(tmp_path / "root", ignore_errors=True)


def rendered(root: Root, *words: str) -> str:
    """Put the script of that request into the root; its text."""
    command = [sys.executable, "-m", "provisioner", "render", "script", *words]
    said = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    root.put("/install.sh", said.stdout)
    return said.stdout


def run(root: Root, *options: str, network: bool = True) -> subprocess.CompletedProcess[str]:
    return root.run("bash", "/install.sh", *options, network=network, PATH=PATH)


def asked(root: Root, *words: str) -> str:
    """What apt answers."""
    done = root.run(*words, PATH=PATH)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_cpu_script_makes_what_it_says_and_takes_it_back(machine: Root) -> None:
    rendered(machine, *CPU)
    before = installed(machine)
    first = run(machine)
    python = re.search(r"^use it: (\S+)$", first.stdout, re.MULTILINE)

    assert first.returncode == 0, first.stdout + first.stderr
    assert python is not None
    uses = "import tensorflow as tf; print(float(tf.reduce_sum(tf.ones((3, 3)))))"
    assert machine.run(python[1], "-c", uses).stdout == "9.0\n"
    made = machine.manifest()
    again = run(machine, network=False)
    assert again.returncode == 0, again.stdout + again.stderr
    assert machine.manifest() == made
    gone = run(machine, "--yes", "--uninstall", network=False)
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert installed(machine) == before
    assert not Path(f"{machine.upper}{python[1]}").exists()


def test_the_driver_comes_with_its_signed_modules_and_goes_again(machine: Root) -> None:
    package, prefix = names(rendered(machine, *DRIVER))
    kernel = newest(machine, prefix)
    kernel_runs(machine, kernel)
    before = installed(machine)
    first = run(machine)
    now = installed(machine)

    assert first.returncode == 10, first.stdout + first.stderr
    assert {package, f"{prefix}-{kernel}", f"{prefix}-generic"} <= now
    assert "dkms" not in now  # nothing is compiled
    folder = machine.upper / f"lib/modules/{kernel}"
    usr = machine.upper / f"usr/lib/modules/{kernel}"
    assert [*folder.rglob("nvidia.ko*"), *usr.rglob("nvidia.ko*")]
    again = run(machine, network=False)
    assert again.returncode == 10
    assert "is installed but not running" in again.stderr
    gone = run(machine, "--yes", "--uninstall", network=False)
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert installed(machine) == before


def test_a_kernel_with_modules_of_an_older_driver_gets_the_newest_one_whole(machine: Root) -> None:
    """Seen in the true archive: apt refused the driver, or brought a kernel without its extras."""
    package, prefix = names(rendered(machine, *DRIVER))
    kernel = newest(machine, prefix)
    kernel_runs(machine, older(machine, prefix, package, kernel))
    program(machine, "/usr/local/bin/apt-get", ONLY_TOLD)
    done = run(machine)

    assert done.returncode == 10, done.stdout + done.stderr
    assert "with the newest kernel of this system" in done.stdout
    told = re.findall(r"^Inst (\S+)", done.stdout, re.MULTILINE)
    extra = {f"linux-image-{kernel}", f"linux-modules-extra-{kernel}"}
    assert {package, f"{prefix}-{kernel}", "linux-image-generic", *extra} <= {*told}
    assert not [name for name in told if name.startswith("nvidia-dkms-")]


def names(script: str) -> tuple[str, str]:
    """The package of the driver that the script installs, and how its modules are called."""
    found = re.search(r"^ *package=(nvidia-driver-(\S+))$", script, re.MULTILINE)
    assert found is not None
    return found[1], f"linux-modules-nvidia-{found[2]}"


def newest(machine: Root, prefix: str) -> str:
    """The kernel that the archive has the newest modules for, by lists that are fetched now."""
    asked(machine, "apt-get", "-q", "update")
    shown = asked(machine, "apt-cache", "show", "--no-all-versions", f"{prefix}-generic")
    found = re.search(rf"^Depends: {prefix}-(\S+-generic) ", shown, re.MULTILINE)
    assert found is not None, shown
    return found[1]


def older(machine: Root, prefix: str, package: str, kernel: str) -> str:
    """A kernel of the same series whose modules go only with a driver that the archive lost."""
    told = asked(machine, "apt-cache", "policy", package)
    version = re.search(r"Candidate: (?:\d+:)?([0-9.]+)", told)
    assert version is not None, told
    series = f"{prefix}-{kernel.split('-', maxsplit=1)[0]}-"
    for name in sorted(asked(machine, "apt-cache", "pkgnames", series).split()):
        shown = asked(machine, "apt-cache", "show", "--no-all-versions", name)
        upper = re.search(r"\(<= ([0-9.]+)-1\)", shown)
        if name.endswith("-generic") and upper and upper[1] != version[1]:
            return name.removeprefix(f"{prefix}-")
    pytest.skip("the archive has no modules of an older driver today")
