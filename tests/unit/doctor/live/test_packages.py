"""Packages of the driver: broken, held, of two releases or ways; keys of repositories."""

from __future__ import annotations

import base64

import pytest

from tests.unit.doctor.live.rooms import Room

NEW_KEY, OLD_KEY = bytes.fromhex("A4B469963BF863CC"), bytes.fromhex("F60F4B3D7FA2AF80")
ADDRESS = "https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2204/x86_64/"
SOURCE = "etc/apt/sources.list.d/cuda.list"
RING = "usr/share/keyrings/cuda-archive-keyring.gpg"


def status(*packages: tuple[str, str, str], more: str = "") -> str:
    """What dpkg writes down: name, status and version of each package."""
    return "\n\n".join(
        f"Package: {name}\nStatus: {state}\nVersion: {version}\n{more}Architecture: amd64"
        for name, state, version in packages
    )


SOUND = (
    ("libnvidia-compute-550", "install ok installed", "550.163.01-0ubuntu0.22.04.1"),
    ("nvidia-utils-550", "install ok installed", "550.163.01-0ubuntu0.22.04.1"),
    ("nvidia-driver-535", "deinstall ok config-files", "535.183.01-0ubuntu0.22.04.1"),
    ("nvidia-settings", "install ok installed", "510.47.03-0ubuntu1"),
    ("nvidia-container-toolkit", "install ok installed", "1.17.8-1"),
)


def test_sound_packages_are_no_finding(working: Room) -> None:
    working.put("var/lib/dpkg/status", status(*SOUND))

    assert working.findings() == ()


def test_a_transitional_package_is_no_second_driver(working: Room) -> None:
    name = ("nvidia-utils-525", "install ok installed", "535.183.01-0ubuntu0.22.04.1")
    text = status(name, more="Description: Transitional package for nvidia-utils-535\n")
    working.put("var/lib/dpkg/status", status(*SOUND) + "\n\n" + text)

    assert working.findings() == ()


def rpms(room: Room, *packages: str) -> None:
    """A system of rpm's with these packages: name, version, vendor."""
    text = "".join(f"{line}\n" for line in (one.replace(" ", "\t", 2) for one in packages))
    room.put("captured/rpm-nvidia.txt", text)


OF_RPM_FUSION = (
    "xorg-x11-drv-nvidia 550.163.01 RPM Fusion",
    "xorg-x11-drv-nvidia-libs 550.163.01 RPM Fusion",
    "xorg-x11-drv-nvidia-libs 550.163.01 RPM Fusion",
    "kmod-nvidia-6.8.7-300.fc40.x86_64 550.135 RPM Fusion",
    "nvidia-settings 555.42.02 RPM Fusion",
    "nvidia-container-toolkit 1.17.8 NVIDIA CORPORATION",
    "nvidia-gpu-firmware 20240312 Fedora Project",
)


def test_a_driver_of_one_origin_in_rpms_is_no_finding(working: Room) -> None:
    rpms(working, *OF_RPM_FUSION)

    assert working.findings() == ()


def test_drivers_of_two_origins_in_rpms_are_told(working: Room) -> None:
    rpms(working, *OF_RPM_FUSION, "nvidia-driver-libs 550.163.01 (none)")

    finding = working.findings()[0]

    assert (finding.reference, finding.severity) == ("mixed-driver-installs", "warning")
    assert finding.evidence[0] == (
        "packages of two origins brought the driver: nvidia-driver-libs 550.163.01 and "
        "xorg-x11-drv-nvidia 550.163.01 of RPM Fusion"
    )


def test_rpms_of_two_origins_are_removed_and_no_runfile_is_spoken_of(working: Room) -> None:
    rpms(working, *OF_RPM_FUSION, "nvidia-driver-libs 550.163.01 (none)")
    working.put("etc/os-release", "ID=fedora\nVERSION_ID=42\n")

    fix = working.findings()[0].fix

    assert fix[0].startswith(
        "remove the packages of both origins: sudo dnf remove 'nvidia-driver*'"
    )
    assert "uninstall" not in " ".join(fix)


@pytest.mark.parametrize(
    "packages",
    [
        ("nvidia-driver-libs 550.163.01 (none)", "nvidia-driver-libs 550.90.07 (none)"),
        ("nvidia-compute-G06 550.163.01 obs://NVIDIA", "nvidia-gl-G06 550.90.07 obs://NVIDIA"),
    ],
)
def test_rpms_of_two_releases_are_an_upgrade_that_went_half_way(
    working: Room, packages: tuple[str, ...]
) -> None:
    rpms(working, *packages)

    assert working.first() == ("mixed-driver-installs", "warning")


def test_rpm_is_not_asked_where_dpkg_has_the_packages(working: Room) -> None:
    rpms(working, *OF_RPM_FUSION, "nvidia-driver-libs 550.90.07 (none)")
    working.put("var/lib/dpkg/status", status(*SOUND))

    assert working.findings() == ()


@pytest.mark.parametrize("state", ["half-configured", "half-installed", "unpacked"])
def test_a_package_that_stopped_half_way_is_told(working: Room, state: str) -> None:
    broken = ("nvidia-dkms-550", f"install ok {state}", "550.163.01-0ubuntu0.22.04.1")
    working.put("var/lib/dpkg/status", status(*SOUND, broken))

    finding = working.findings()[0]

    assert (finding.reference, finding.severity) == ("held-packages", "warning")
    assert f"it is {state}" in finding.evidence[0]


def test_a_hold_and_one_beside_a_broken_package_are_warnings(working: Room) -> None:
    held = ("libnvidia-gl-550", "hold ok installed", "550.163.01-0ubuntu0.22.04.1")
    working.put("var/lib/dpkg/status", status(*SOUND, held))
    assert working.first() == ("held-packages", "warning")

    broken = ("nvidia-driver-550", "install ok unpacked", "550.163.01-0ubuntu0.22.04.1")
    working.put("var/lib/dpkg/status", status(*SOUND, held, broken))
    assert working.first() == ("held-packages", "warning")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("etc/dnf/plugins/versionlock.list", "nvidia-driver-3:550.163.01-1.fc40.*\n"),
        (
            "etc/dnf/versionlock.toml",
            'version = "1.0"\n[[packages]]\nname = "kmod-nvidia-open-dkms"\n',
        ),
    ],
)
def test_the_lock_lists_of_dnf_are_read(working: Room, path: str, text: str) -> None:
    working.put(path, text)

    assert working.first() == ("held-packages", "warning")


def test_parts_of_two_releases_are_told(working: Room) -> None:
    other = ("nvidia-dkms-550", "install ok installed", "550.54.14-0ubuntu1")
    working.put("var/lib/dpkg/status", status(*SOUND, other))

    finding = working.findings()[0]

    assert (finding.reference, finding.severity) == ("mixed-driver-installs", "warning")
    assert finding.evidence[0] == (
        "parts of the driver are of two releases: nvidia-dkms-550 550.54.14 and "
        "libnvidia-compute-550 550.163.01"
    )


def test_the_runfile_beside_packages_is_told_unless_a_package_brought_it(working: Room) -> None:
    working.put("var/lib/dpkg/status", status(*SOUND))
    working.put("usr/bin/nvidia-uninstall")
    assert working.first() == ("mixed-driver-installs", "warning")

    working.put("var/lib/dpkg/info/nvidia-utils-550.list", "/.\n/usr/bin/nvidia-uninstall\n")
    assert working.findings() == ()


@pytest.mark.parametrize(
    "line",
    [
        f"deb [signed-by=/{RING}] {ADDRESS} /\n",
        f"# deb {ADDRESS} /\n",
        "deb https://nvidia.github.io/libnvidia-container/stable/deb/amd64 /\n",
    ],
)
def test_a_repository_whose_key_is_there_is_no_finding(working: Room, line: str) -> None:
    working.put(SOURCE, line)
    working.put(RING, b"\x99ring" + OLD_KEY + NEW_KEY)

    assert working.findings() == ()


def test_a_key_in_armour_is_read(working: Room) -> None:
    body = base64.encodebytes(b"\x99ring" + NEW_KEY + b"end").decode()
    begin, end = "-----BEGIN PGP PUBLIC KEY BLOCK-----", "-----END PGP PUBLIC KEY BLOCK-----"
    working.put(SOURCE, f"deb [signed-by=/{RING}] {ADDRESS} /\n")
    working.put(RING, f"{begin}\n\n{body}=abcd\n{end}\n")

    assert working.findings() == ()


def test_a_repository_with_the_retired_key_alone_is_told(working: Room) -> None:
    working.put(SOURCE, f"deb {ADDRESS} /\n")
    working.put("etc/apt/trusted.gpg.d/cuda.gpg", b"\x99ring" + OLD_KEY)

    finding = working.findings()[0]

    assert (finding.reference, finding.severity) == ("apt-gpg-key", "warning")
    assert finding.evidence[0] == (
        f"/{SOURCE}: NO_PUBKEY 3BF863CC in /etc/apt/trusted.gpg.d, 7fa2af80 is retired"
    )


def test_a_repository_that_is_known_wants_its_own_key(working: Room) -> None:
    working.put(SOURCE, f"deb {ADDRESS.replace('ubuntu2204', 'debian12')} /\n")
    working.put("etc/apt/trusted.gpg.d/debian.gpg", b"\x99ring of somebody else")

    assert working.first() == ("apt-gpg-key", "warning")


@pytest.mark.parametrize("ring", [None, b""])
def test_a_key_that_is_missing_or_empty_is_told(working: Room, ring: bytes | None) -> None:
    sources = f"Types: deb\nURIs: {ADDRESS}\nSuites: /\nSigned-By: /{RING}\n"
    working.put("etc/apt/sources.list.d/cuda.sources", sources)
    if ring is not None:
        working.put(RING, ring)

    assert working.first() == ("apt-gpg-key", "warning")


def test_a_source_that_is_switched_off_needs_no_key(working: Room) -> None:
    text = f"Enabled: no\nTypes: deb\nURIs: {ADDRESS}\nSuites: /\nSigned-By: /{RING}\n"
    working.put("etc/apt/sources.list.d/cuda.sources", text)

    assert working.findings() == ()


@pytest.mark.parametrize("line", ["Enabled: No", "Enabled: off", "Trusted: yes"])
def test_a_source_that_apt_does_not_ask_or_trusts_anyway_needs_no_key(
    working: Room, line: str
) -> None:
    text = f"Types: deb\nURIs: {ADDRESS}\nSuites: /\n{line}\nSigned-By: /{RING}\n"
    working.put("etc/apt/sources.list.d/cuda.sources", text)
    working.put(SOURCE, f"deb [trusted=yes] {ADDRESS} /\n")

    assert working.findings() == ()


def test_the_key_of_any_repository_of_nvidias_has_to_be_there(working: Room) -> None:
    address = "https://nvidia.github.io/libnvidia-container/stable/deb/amd64"
    working.put(SOURCE, f"deb [signed-by=/{RING}] {address} /\n")

    assert working.first() == ("apt-gpg-key", "warning")
    working.put(RING, b"\x99whatever it is")
    assert working.findings() == ()
