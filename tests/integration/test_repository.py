"""NVIDIA's repository on Debian: real apt, real gpg, a signed local archive under another key.

Only the addresses and the fingerprint of the rendered script are exchanged; ``curl`` is a
stand-in that copies the key, because NVIDIA's host is not asked from here.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from hashlib import sha256

import pytest

from tests.golden.made_catalog import FINGERPRINT, REPOSITORY
from tests.integration.boxes import CHECKOUT, Box
from tests.integration.conftest import MakeRoot
from tests.integration.roots import Root
from tests.integration.test_driver_steps import archive, plain_devices
from tests.unit.upkeep.loopback import Loopback

pytestmark = [pytest.mark.root, pytest.mark.network]  # the network brings Python and gpg, once

ARCHIVE = "file:/srv/archive/"
KEY = "srv/key.asc"
THEIRS = "/usr/share/keyrings/cuda-archive-keyring.asc"
CURL = """#!/bin/sh
while [ "$#" -gt 1 ]; do [ "$1" != --output ] || cp /srv/key.asc "$2"; shift; done
"""
MAKE_KEY = """
set -e
gpg --batch --quiet --passphrase '' --quick-gen-key 'a test <test@example.org>' rsa2048 sign never
gpg --batch --armor --export >/srv/key.asc
gpg --with-colons --list-keys | sed -n 's/^fpr:*\\([0-9A-F]*\\):$/\\1/p'
gpgconf --kill all
"""
SIGN = (
    "cd /srv/archive && gpg --batch --yes --clearsign --output InRelease Release"
    " && gpgconf --kill all"
)


@pytest.fixture(scope="module")
def with_gpg(new_root: MakeRoot, with_python: Root) -> Root:
    root = new_root(with_python)
    update, install = "apt-get -q update", "apt-get -q -y install --no-install-recommends gpg"
    done = root.run("sh", "-c", f"{update} && {install} gpg-agent")
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture
def machine(
    new_root: MakeRoot, with_gpg: Root, with_python: Root, script: Callable[[str], str]
) -> tuple[Root, str]:
    """Debian 12 with an NVIDIA GPU and the signed archive; and the fingerprint of its key."""
    root = new_root(with_gpg, with_python)
    plain_devices(root)
    root.put("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n")
    root.put("/usr/local/bin/curl", CURL)
    root.run("chmod", "755", "/usr/local/bin/curl", network=False, devices=False)
    archive(root, nvidia_open="580.178.04-1", nvidia_driver_pinning_580="580-1")
    root.put("/etc/apt/sources.list", "")
    root.put("/etc/apt/apt.conf.d/99-no-sandbox", 'APT::Sandbox::User "root";\n')
    packages = (root.upper / "srv/archive/Packages").read_bytes()
    digest = f" {sha256(packages).hexdigest()} {len(packages)} Packages\n"
    root.put("/srv/archive/Release", f"Date: Fri, 20 Nov 2026 00:00:00 UTC\nSHA256:\n{digest}")
    made = root.run("sh", "-c", MAKE_KEY, network=False, devices=False, PATH=PATH)
    assert made.returncode == 0, made.stderr
    signed = root.run("sh", "-c", SIGN, network=False, devices=False)
    assert signed.returncode == 0, signed.stderr
    text = script("torch-debian-12-nvidia-repository").replace(f"{REPOSITORY} ", f"{ARCHIVE} ")
    root.put("/install.sh", text)
    return root, made.stdout.split()[0]


PATH = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def run(root: Root) -> subprocess.CompletedProcess[str]:
    return root.run("bash", "/install.sh", network=False, PATH=PATH)


def test_a_key_with_another_fingerprint_is_not_trusted(machine: tuple[Root, str]) -> None:
    root, fingerprint = machine
    result = run(root)

    assert result.returncode == 1
    assert "the key of the repository nvidia is not the planned one" in result.stderr
    assert f"planned {FINGERPRINT}, found {fingerprint}" in result.stderr
    assert not list((root.upper / "etc/apt").glob("*/dlsetup-*"))


def test_the_driver_comes_from_the_trusted_repository(machine: tuple[Root, str]) -> None:
    root, fingerprint = machine
    trusting(root, fingerprint)
    first = run(root)
    again = run(root)

    assert first.returncode == 10, first.stdout + first.stderr
    assert "The driver 580.178.04 is installed." in first.stderr
    source = (root.upper / "etc/apt/sources.list.d/dlsetup-nvidia.list").read_text()
    assert source == f"deb [signed-by=/etc/apt/keyrings/dlsetup-nvidia.asc] {ARCHIVE} /\n"
    asked = ("dpkg-query", "-W", "-f=${Version}\n", "nvidia-open", "nvidia-driver-pinning-580")
    installed = root.run(*asked, network=False, devices=False)
    assert set(installed.stdout.split()) == {"580.178.04-1", "580-1"}
    assert again.returncode == 10, again.stdout + again.stderr
    assert "installed but not running" in again.stderr


def trusting(root: Root, fingerprint: str) -> None:
    """Let the script plan for the key that the archive is really signed with."""
    script_now = (root.upper / "install.sh").read_text()
    root.put("/install.sh", script_now.replace(FINGERPRINT, fingerprint))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "/etc/apt/sources.list.d/cuda-debian12-x86_64.list",
            f"deb [signed-by={THEIRS}] {ARCHIVE} /\n",
        ),
        (
            "/etc/apt/sources.list.d/nvidia.sources",
            f"Types: deb\nURIs: {ARCHIVE.rstrip('/')}\nSuites: /\nSigned-By: {THEIRS}\n",
        ),
    ],
    ids=["one-line", "deb822"],
)
def test_a_source_that_apt_has_already_is_used_as_it_is(
    machine: tuple[Root, str], path: str, text: str
) -> None:
    root, fingerprint = machine
    trusting(root, fingerprint)
    root.put(THEIRS, (root.upper / KEY).read_bytes())
    root.put(path, text)
    result = run(root)

    assert result.returncode == 10, result.stdout + result.stderr
    assert not list((root.upper / "etc/apt").glob("*/dlsetup-*"))


def test_where_the_lists_cannot_be_refreshed_the_repository_is_taken_out_again(
    machine: tuple[Root, str],
) -> None:
    root, fingerprint = machine
    trusting(root, fingerprint)
    (root.upper / "srv/archive/InRelease").unlink()
    result = run(root)

    assert result.returncode == 1
    assert "could not refresh its lists with the repository nvidia" in result.stderr
    assert not files_of_ours(root)


def test_a_repository_without_the_planned_branch_is_taken_out_again(
    machine: tuple[Root, str],
) -> None:
    root, fingerprint = machine
    trusting(root, fingerprint)
    script_now = (root.upper / "install.sh").read_text()
    root.put("/install.sh", script_now.replace("pinning-580", "pinning-999"))
    result = run(root)

    assert result.returncode == 1
    assert "apt knows no nvidia-driver-pinning-999" in result.stderr
    assert not files_of_ours(root)


def test_apt_can_read_what_was_written_under_any_umask(machine: tuple[Root, str]) -> None:
    root, fingerprint = machine
    trusting(root, fingerprint)
    command = ("bash", "-c", "umask 077; exec bash /install.sh")
    result = root.run(*command, network=False, devices=False, PATH=PATH)

    assert result.returncode == 10, result.stdout + result.stderr
    written = [root.upper / "etc/apt" / name for name in files_of_ours(root)]
    assert {path.stat().st_mode & 0o777 for path in written} == {0o644}
    assert len(written) == 2


def test_what_up_adds_to_apt_is_recorded_and_taken_back(
    machine: tuple[Root, str], index: Loopback
) -> None:
    root, fingerprint = machine
    box = Box(root, index)
    box.env |= {"DLSETUP_OVERRIDE_OS": "debian-12", "DLSETUP_STACKS": "/srv/stacks"}
    stacks = root.upper / "srv/stacks"
    shutil.copytree(CHECKOUT / "stacks", stacks)
    rows = (stacks / "nvidia/repositories.toml").read_text()
    rows = rows.replace(FINGERPRINT, fingerprint).replace(f'"{REPOSITORY}"', f'"{ARCHIVE}"')
    (stacks / "nvidia/repositories.toml").write_text(rows)
    before = box.state()
    done = box.up("--yes")

    assert "error: reboot-needed" in done.stderr, done.stderr
    assert f"repository  {ARCHIVE} (key {fingerprint})" in done.stderr
    (change,) = box.changes
    assert {*change.files} == {
        "/etc/apt/sources.list.d/dlsetup-nvidia.list",
        "/etc/apt/keyrings/dlsetup-nvidia.asc",
    }
    assert {*change.installed} == {"nvidia-open", "nvidia-driver-pinning-580"}
    undone = box.dlsetup("system", "undo", "--yes")
    assert undone.returncode == 0, undone.stderr
    assert box.state() == before


def files_of_ours(root: Root) -> list[str]:
    """What dlsetup wrote below /etc/apt, as it is seen inside."""
    asked = ("sh", "-c", "cd /etc/apt && find . -type f -name 'dlsetup-*'")
    return root.run(*asked, network=False, devices=False).stdout.split()
