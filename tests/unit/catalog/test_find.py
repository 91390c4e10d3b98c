from __future__ import annotations

import pytest

from provisioner import resources
from provisioner.catalog.find import driver_branch, gpu_by_pci_id, gpu_by_word, system
from provisioner.catalog.load import Catalog
from provisioner.errors import UsageError

CATALOG = Catalog(resources.stacks())

# Names and capabilities are those of facts 09: the driver's own list joined with pci.ids.


@pytest.mark.parametrize(
    ("word", "capability"),
    [
        ("RTX 2070 SUPER", "7.5"),
        ("rtx 2070 super", "7.5"),
        ("GeForce RTX 3090", "8.6"),
        ("NVIDIA GeForce RTX 3090", "8.6"),
        ("RTX3090", "8.6"),
        ("3090", "8.6"),
        ("GTX 1080 Ti", "6.1"),
        ("gtx1080ti", "6.1"),
        ("GTX 750 Ti", "5.0"),
        ("GTX TITAN X", "5.2"),
        ("Tesla V100", "7.0"),
        ("V100", "7.0"),
        ("Tesla K80", "3.7"),
        ("K40", "3.5"),
        ("Tesla K20", "3.5"),
        ("A40", "8.6"),
        ("A100", "8.0"),
        ("H100", "9.0"),
        ("H100 80GB", "9.0"),
        ("H100 SXM5", "9.0"),
        ("RTX 4090", "8.9"),
        ("RTX 4090 Laptop", "8.9"),
        ("RTX 5090", "12.0"),
        ("GB10", "12.1"),
        ("B200", "10.0"),
        ("T4", "7.5"),
        ("L4", "8.9"),
        ("sm_86", "8.6"),
        ("sm_90a", "9.0"),
        ("8.6", "8.6"),
    ],
)
def test_a_gpu_is_found_by_any_sensible_spelling(word: str, capability: str) -> None:
    assert gpu_by_word(CATALOG, word).compute_capability == capability


def test_the_desktop_part_is_meant_unless_laptop_is_said() -> None:
    assert "Laptop" not in gpu_by_word(CATALOG, "RTX 4090").name
    assert "Laptop" in gpu_by_word(CATALOG, "RTX 4090 Laptop").name


@pytest.mark.parametrize("word", ["GT 730", "GTX 750", "TITAN X", "RTX 4000"])
def test_a_name_that_covers_several_capabilities_is_ambiguous(word: str) -> None:
    with pytest.raises(UsageError) as caught:
        gpu_by_word(CATALOG, word)

    assert caught.value.reference == "ambiguous-gpu"
    assert len(caught.value.context) > 1


@pytest.mark.parametrize(
    "word",
    [
        "RTX 9999",
        "309",
        "X 3090 X",
        "",
        "   ",
        "sm_",
        "sm_xx",
        "90",
        "GTX 96",
        "; id",
        "\x00",
        "💥",
    ],
)
def test_a_gpu_that_nobody_knows_is_unknown(word: str) -> None:
    with pytest.raises(UsageError) as caught:
        gpu_by_word(CATALOG, word)

    assert caught.value.reference == "unknown-gpu"


def test_an_amd_gpu_and_a_gfx_target_are_named() -> None:
    assert gpu_by_word(CATALOG, "gfx1100").vendor == "amd"
    assert gpu_by_word(CATALOG, "RX 7900 XTX").architecture == "gfx1100"


def test_a_pci_id_is_found_with_and_without_its_subsystem() -> None:
    found = gpu_by_pci_id(CATALOG, "10de", "2684", None)

    assert found is not None
    assert (found.name, found.compute_capability) == ("NVIDIA GeForce RTX 4090", "8.9")
    assert gpu_by_pci_id(CATALOG, "10de", "ffff", None) is None


def test_windows_numbers_within_a_branch_belong_to_the_branch_below() -> None:
    linux = driver_branch(CATALOG, "535.183.01")
    windows = driver_branch(CATALOG, "537.13", windows=True)

    assert linux is not None
    assert windows is not None
    assert (linux.branch, windows.branch) == ("535", "535")
    assert driver_branch(CATALOG, "537.13") is None
    assert driver_branch(CATALOG, "999.1", windows=True) is None


def test_a_system_is_found_by_name_and_version() -> None:
    found = system(CATALOG, "debian", "12")

    assert found is not None
    assert found.python == "3.11"
    assert system(CATALOG, "debian", "99") is None


@pytest.mark.parametrize(
    ("word", "name", "capability"),
    [
        # pci.ids knows a FirePro M4000 and a Radeon HD 6950 as well, and nothing of them.
        ("M4000", "Quadro M4000", "5.2"),
        ("650", "GeForce GTX 650", "3.0"),
        ("Jetson AGX Orin", "Jetson AGX Orin", "8.7"),
        ("Jetson Nano", "Jetson Nano", "5.3"),
    ],
)
def test_a_gpu_that_is_only_a_name_makes_no_other_ambiguous(
    word: str, name: str, capability: str
) -> None:
    found = gpu_by_word(CATALOG, word)

    assert (found.name, found.compute_capability) == (name, capability)


def test_a_gpu_that_is_only_a_name_is_found_where_no_other_is_meant() -> None:
    found = gpu_by_word(CATALOG, "Radeon HD 7970")

    assert (found.vendor, found.compute_capability, found.architecture) == ("amd", None, None)


def test_a_module_has_no_pci_id() -> None:
    assert gpu_by_word(CATALOG, "Jetson AGX Orin 64GB").pci_id is None


@pytest.mark.parametrize(
    ("vendor", "device", "name"),
    [
        # pci.ids 2026.10.24.
        ("8086", "a780", "UHD Graphics 770"),
        ("1002", "6798", "Radeon HD 7970/8970 OEM / R9 280X"),
    ],
)
def test_what_stands_on_the_bus_has_its_name_though_nothing_else_is_known(
    vendor: str, device: str, name: str
) -> None:
    found = gpu_by_pci_id(CATALOG, vendor, device, None)

    assert found is not None
    assert found.name.startswith(name)


@pytest.mark.parametrize(
    ("os", "version", "row"),
    [
        ("rocky", "9.4", "rocky 9"),
        ("rhel", "8.10", "rhel 8"),
        ("opensuse-leap", "16.0", "opensuse-leap 16.0"),
        ("alma", "9", "almalinux 9"),
        ("ubuntu", "24.04", "ubuntu 24.04"),
        ("ubuntu", "24.10", None),
        ("rocky", "90", None),
        ("arch", "rolling", None),
    ],
)
def test_a_minor_release_has_its_majors_row(os: str, version: str, row: str | None) -> None:
    found = system(CATALOG, os, version)

    assert (f"{found.id} {found.version}" if found else None) == row
