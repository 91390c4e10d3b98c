"""Rpms of the driver that rpm itself built and installed below a root, and what it says of them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from provisioner.doctor.live.rpm_packages import QUERY
from tests.unit.doctor.live.rooms import WORKING, Room, copied

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("rpm", "rpmbuild"))), reason="asks rpm's own tools"
)

SPEC = """Name: {name}
Version: {version}
Release: 1.fc40
Epoch: 3
{vendor}
Summary: a stand-in
License: none
BuildArch: noarch
%description
A stand-in.
%files
"""


def install(root: Path, place: Path, name: str, version: str, vendor: str = "") -> None:
    """Build an empty rpm of the driver's name, and install it below a root."""
    spec = place / f"{name}-{version}.spec"
    line = f"Vendor: {vendor}" if vendor else ""
    spec.write_text(SPEC.format(name=name, version=version, vendor=line), encoding="utf-8")
    top = ("--define", f"_topdir {place}/made", "--define", f"_rpmdir {place}/rpms")
    built = ["rpmbuild", "--quiet", *top, "-bb", str(spec)]
    subprocess.run(built, check=True, capture_output=True)
    (file,) = place.glob(f"rpms/noarch/{name}-{version}-*.rpm")
    # Beside another release of itself, as a transaction that was cut off leaves it.
    ways = ("--nodeps", "--noscripts", "--force", "--nosignature", "--nodigest", "-i")
    done = subprocess.run(
        ["rpm", f"--root={root}", *ways, str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def root(tmp_path: Path) -> Path:
    found = tmp_path / "system"
    found.mkdir()
    install(found, tmp_path, "xorg-x11-drv-nvidia", "550.163.01", "RPM Fusion")
    install(found, tmp_path, "xorg-x11-drv-nvidia-libs", "550.163.01", "RPM Fusion")
    install(found, tmp_path, "nvidia-settings", "555.42.02", "RPM Fusion")
    return found


def examined(root: Path, place: Path) -> Room:
    """A machine whose rpm says what it says of that root."""
    program, *words = QUERY
    asked = [program, f"--root={root}", *words]
    told = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    room = copied(WORKING, place)
    room.put("captured/rpm-nvidia.txt", told)
    return room


def test_a_driver_of_one_origin_is_no_finding(root: Path, tmp_path: Path) -> None:
    assert examined(root, tmp_path).findings() == ()


def test_a_driver_of_another_origin_beside_it_is_told(root: Path, tmp_path: Path) -> None:
    install(root, tmp_path, "nvidia-driver-libs", "550.163.01")

    finding = examined(root, tmp_path).findings()[0]

    assert (finding.reference, finding.severity) == ("mixed-driver-installs", "warning")
    assert finding.evidence[0] == (
        "packages of two origins brought the driver: nvidia-driver-libs 550.163.01 and "
        "xorg-x11-drv-nvidia 550.163.01 of RPM Fusion"
    )


def test_two_releases_of_one_package_are_told(root: Path, tmp_path: Path) -> None:
    install(root, tmp_path, "xorg-x11-drv-nvidia-libs", "550.135", "RPM Fusion")

    finding = examined(root, tmp_path).findings()[0]

    assert (finding.reference, finding.severity) == ("mixed-driver-installs", "warning")
    assert finding.evidence[0] == (
        "parts of the driver are of two releases: xorg-x11-drv-nvidia-libs 550.135 and "
        "xorg-x11-drv-nvidia 550.163.01"
    )
