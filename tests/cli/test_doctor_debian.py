"""Debian roots whose packages dpkg itself holds and leaves half way, and whose key gpg made."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.doctor.live.rooms import WORKING, Room, copied

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("dpkg", "dpkg-deb", "gpg"))), reason="asks Debian's own tools"
)

RELEASE = "550.163.01-0ubuntu0.22.04.1"
SOURCE = "etc/apt/sources.list.d/cuda-debian12-x86_64.list"
RING = "usr/share/keyrings/cuda-archive-keyring.gpg"
ADDRESS = "https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64/"


@pytest.fixture
def root(tmp_path: Path) -> Room:
    """A machine with a driver that works, and dpkg's folders."""
    room = copied(WORKING, tmp_path)
    for folder in ("updates", "info", "triggers", "parts"):
        (room.root / "var/lib/dpkg" / folder).mkdir(parents=True, exist_ok=True)
    room.put("var/lib/dpkg/status")
    room.put("var/lib/dpkg/available")
    return room


def dpkg(room: Room, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    """Run dpkg on a root, as whoever runs the tests."""
    ways = ("--force-not-root", "--force-bad-path", "--log=/dev/null")
    return subprocess.run(
        ["dpkg", f"--root={room.root}", *ways, *words],
        check=False,
        input=said,
        capture_output=True,
        text=True,
    )


def package(place: Path, name: str, needs: str = "") -> str:
    """A package of the driver's name with nothing in it."""
    folder = place / name / "DEBIAN"
    folder.mkdir(parents=True)
    lines = [f"Package: {name}", f"Version: {RELEASE}", "Architecture: all"]
    lines += ["Maintainer: tests <tests@example.org>", "Description: a stand-in"]
    lines += [f"Depends: {needs}"] if needs else []
    (folder / "control").write_text("\n".join(lines) + "\n", encoding="utf-8")
    file = place / f"{name}.deb"
    subprocess.run(
        ["dpkg-deb", "--build", "--root-owner-group", folder.parent, file],
        check=True,
        capture_output=True,
    )
    return str(file)


def test_a_held_package_and_one_that_cannot_be_configured(root: Room, tmp_path: Path) -> None:
    sound = dpkg(root, "--install", package(tmp_path, "libnvidia-compute-550"))
    assert sound.returncode == 0, sound.stderr
    assert root.findings() == ()

    dpkg(root, "--set-selections", said="libnvidia-compute-550 hold\n")
    assert root.first() == ("held-packages", "warning")

    broken = dpkg(root, "--install", package(tmp_path, "nvidia-driver-550", "nvidia-dkms-550"))
    finding = root.findings()[0]

    assert "dependency problems" in broken.stderr
    assert (finding.reference, finding.severity) == ("held-packages", "warning")
    assert any("nvidia-driver-550" in line for line in finding.evidence)
    assert any("libnvidia-compute-550" in line for line in finding.evidence)


def test_a_key_ring_of_somebody_else(root: Room, tmp_path: Path) -> None:
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet"]
    made = ["--passphrase", "", "--quick-generate-key", "somebody else", "ed25519", "sign"]
    subprocess.run([*gpg, *made], check=True, capture_output=True)
    ring = subprocess.run([*gpg, "--export"], check=True, capture_output=True).stdout
    root.put(SOURCE, f"deb [signed-by=/{RING}] {ADDRESS} /\n")
    root.put(RING, ring)

    finding = root.findings()[0]

    assert (finding.reference, finding.severity) == ("apt-gpg-key", "warning")
    assert finding.evidence == (f"/{SOURCE}: NO_PUBKEY A4B469963BF863CC in /{RING}",)
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)
