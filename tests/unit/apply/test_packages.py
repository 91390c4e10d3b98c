"""What dpkg and apt say is read as they say it; programs stand in for both."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provisioner.apply import packages
from provisioner.errors import OutsideError

PROGRAMS = {
    "dpkg": "echo amd64",
    "dpkg-query": r"""
case $1 in -S) echo "python3-minimal: $2"; exit ;; esac
printf '%s\t%s\t%s\t%s\n' bash amd64 5.2 installed libc6 i386 2.39 installed \
    tzdata all 2024a installed dkms all 3.0 half-configured nano amd64 7.2 config-files \
    vim amd64 '' not-installed
""",
    "apt-mark": "printf 'tzdata\nlibc6:i386\n'",
    "apt-cache": "echo ' nvidia-driver-470 | 470.1 | file:/srv ./ Packages'",
    "apt-get": r"""
for word; do case $word in Dir::State::*) cp "${word#*=}" "$STATES" ;; esac; done
printf 'Reading package lists...\nRemv dkms [3.0]\nRemv libc6:i386 [2.39]\n'
""",
}


@pytest.fixture(autouse=True)
def states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The programs are found first; what apt-get was told is kept in this file."""
    for name, text in PROGRAMS.items():
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("STATES", str(tmp_path / "states"))
    apt = tmp_path / "apt/sources.list.d"
    apt.mkdir(parents=True)
    (apt / "ours.list").write_text("deb")
    monkeypatch.setattr(packages, "_APT", tmp_path / "apt")
    return tmp_path / "states"


def test_what_is_half_installed_is_there_and_what_is_removed_is_not(tmp_path: Path) -> None:
    found = packages.snapshot()

    assert found.packages == {"bash": "5.2", "libc6:i386": "2.39", "tzdata": "2024a", "dkms": "3.0"}
    assert found.leftover == ("nano",)
    assert found.automatic == ("libc6:i386", "tzdata")
    # printf deb | sha256sum
    assert found.files == {
        str(tmp_path / "apt/sources.list.d/ours.list"): (
            "9cfa1468c93fc18652e34a000f0c6614b0fa18f6f4887477ad9b0d36ca6a7eaa"
        )
    }


def test_apt_is_told_that_just_these_came_for_others(states: Path) -> None:
    assert packages.unneeded(("dkms", "libc6:i386")) == ("dkms", "libc6:i386")
    assert states.read_text() == (
        "Package: dkms\nArchitecture: amd64\nAuto-Installed: 1\n\n"
        "Package: libc6\nArchitecture: i386\nAuto-Installed: 1\n\n"
    )


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ({}, True),
        ({"nvidia-driver-470": "470.1"}, True),
        ({"nvidia-driver-470": "470.2"}, False),
        ({"nvidia-driver-470": "470.1", "libnvidia-gl-470": "470.1"}, False),
    ],
    ids=["nothing", "there", "another-version", "one-of-two"],
)
def test_only_the_very_version_is_on_offer(wanted: dict[str, str], there: bool) -> None:
    assert packages.on_offer(wanted) is there


def test_the_owner_of_a_file_is_named() -> None:
    assert packages.owner("/usr/bin/python3") == "python3-minimal"


def test_a_package_manager_that_fails_is_named(tmp_path: Path) -> None:
    (tmp_path / "apt-mark").write_text("#!/bin/sh\necho 'E: broken' >&2\nexit 100\n")
    with pytest.raises(OutsideError) as caught:
        packages.snapshot()

    assert (caught.value.reference, caught.value.context) == ("packages-unknown", ("E: broken",))
