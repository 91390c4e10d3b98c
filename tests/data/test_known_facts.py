"""Facts that people rely on, written down from the sources and not from the sheets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from provisioner.catalog.load import Catalog

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("version", "floor", "bundled"),
    [
        ("8.0", "367.48", "367.48"),
        ("9.2", "396.26", "396.26"),
        ("10.0", "410.48", "410.48"),
        ("10.1", "418.39", "418.39"),
        ("10.2", "440.33", "440.33"),
        ("11.0", "450.36.06", "450.36.06"),
        ("11.1", "450.80.02", "455.32.00"),
        ("11.8", "450.80.02", "520.61.05"),
        ("12.0", "525.60.13", "525.60.13"),
        ("12.6", "525.60.13", "560.28.03"),
        ("12.8", "525.60.13", "570.86.10"),
        ("13.0", "580.65.06", "580.65.06"),
        ("13.3", "580.65.06", "610.43.02"),
        ("13.4", "580.65.06", "615.71.09"),
        ("13.5", "580.65.06", None),
    ],
)
def test_cuda_runs_from_its_floor_and_compiles_from_its_own_driver(
    catalog: Catalog, version: str, floor: str, bundled: str | None
) -> None:
    row = next(row for row in catalog.cuda if row.version == version)

    assert row.driver_floor.linux == floor
    assert row.driver_bundled.linux == bundled


def test_cuda_13_starts_at_turing_and_12_ends_with_maxwell_inside(catalog: Catalog) -> None:
    by_version = {row.version: row.architectures for row in catalog.cuda}

    assert by_version["12.9"][0] == "sm_50"
    assert by_version["13.0"][0] == "sm_75"
    assert "sm_101" in by_version["12.9"]
    assert "sm_101" not in by_version["13.0"]
    assert "sm_107" in by_version["13.4"]
    assert by_version["11.6"] == ()


@pytest.mark.parametrize(
    ("capability", "known"),
    [
        ("3.0", ("Kepler", "10.2", "470", ("proprietary",))),
        ("3.7", ("Kepler", "11.8", "470", ("proprietary",))),
        ("5.2", ("Maxwell", "12.9", "580", ("proprietary",))),
        ("7.0", ("Volta", "12.9", "580", ("proprietary",))),
        ("7.5", ("Turing", None, None, ("open", "proprietary"))),
        ("9.0", ("Hopper", None, None, ("open", "proprietary"))),
        ("10.0", ("Blackwell", None, None, ("open",))),
        ("12.0", ("Blackwell", None, None, ("open",))),
    ],
)
def test_generations_have_a_last_cuda_and_a_last_driver(
    catalog: Catalog, capability: str, known: tuple[object, ...]
) -> None:
    row = next(row for row in catalog.architectures if row.compute_capability == capability)

    assert (row.name, row.last_cuda, row.last_driver_branch, row.kernel_modules) == known


def test_tegra_parts_are_marked(catalog: Catalog) -> None:
    found = {row.compute_capability for row in catalog.architectures if row.tegra}

    assert found == {"3.2", "5.3", "6.2", "7.2", "8.7", "10.1", "11.0"}


@pytest.mark.parametrize(
    ("device", "name", "capability", "last_branch"),
    [
        ("2204", "NVIDIA GeForce RTX 3090", "8.6", None),
        ("1b06", "NVIDIA GeForce GTX 1080 Ti", "6.1", "580"),
        ("1e84", "NVIDIA GeForce RTX 2070 SUPER", "7.5", None),
        ("2684", "NVIDIA GeForce RTX 4090", "8.9", None),
        ("2b85", "NVIDIA GeForce RTX 5090", "12.0", None),
        ("102d", "Tesla K80", "3.7", "470"),
        ("06c0", "GeForce GTX 480", None, "390"),
    ],
)
def test_gpus_are_known_by_their_pci_id(
    catalog: Catalog, device: str, name: str, capability: str | None, last_branch: str | None
) -> None:
    found = [
        row
        for row in catalog.gpus
        if (row.vendor, row.device, row.subsystem) == ("10de", device, None)
    ]

    assert [(row.name, row.compute_capability) for row in found] == [(name, capability)]
    assert found[0].last_driver_branch == last_branch


def test_what_is_no_gpu_does_not_stand_among_them(catalog: Catalog) -> None:
    assert not [row for row in catalog.gpus if "NVSwitch" in row.name or "Audio" in row.name]


def test_amd_gpus_carry_their_target(catalog: Catalog) -> None:
    found = {row.architecture for row in catalog.gpus if row.name.endswith("RX 7900 XTX")}

    assert found == {"gfx1100"}


@pytest.mark.parametrize(
    ("os", "package", "branch"),
    [
        ("ubuntu-20.04", "nvidia-driver-535", "535"),
        ("ubuntu-22.04", "nvidia-driver-580", "580"),
        ("ubuntu-22.04", "nvidia-driver-615-open", "615"),
        ("debian-12", "nvidia-driver", "535"),
        ("debian-12", "nvidia-tesla-470-driver", "470"),
        ("debian-13", "nvidia-driver", "550"),
    ],
)
def test_packages_install_the_branch_they_really_hold(
    catalog: Catalog, os: str, package: str, branch: str
) -> None:
    row = next(r for r in catalog.driver_packages if (r.os, r.package) == (os, package))

    assert row.branch == branch


def test_ubuntus_old_package_names_lead_to_the_branch_they_now_install(catalog: Catalog) -> None:
    row = next(
        row
        for row in catalog.driver_packages
        if (row.os, row.package) == ("ubuntu-22.04", "nvidia-driver-580")
    )

    assert {"nvidia-driver-535", "nvidia-driver-550", "nvidia-driver-570"} <= set(row.redirects)


def test_uv_is_pinned_with_a_hash_for_each_linux_it_may_be_fetched_on(catalog: Catalog) -> None:
    uv = next(row for row in catalog.tools if row.name == "uv")

    assert uv.version.startswith("0.13.")
    assert len(uv.hashes) == 3
    assert all(text.startswith("sha256:") and len(text) == 71 for text in uv.hashes)


def test_a_recommended_python_has_an_image(catalog: Catalog) -> None:
    assert all(row.base_image for row in catalog.pythons if row.recommended)
    assert {row.version for row in catalog.pythons if row.recommended} == {
        "3.10",
        "3.11",
        "3.12",
        "3.13",
    }


@pytest.mark.parametrize(
    ("os", "facts"),
    [
        # glibc and ends: pep600_compliance's table; repositories: facts 04; Pythons: the makers.
        ("rhel 8", ("2.28", "3.6", "rhel8", "2029-05")),
        ("rhel 9", ("2.34", "3.9", "rhel9", "2032-05")),
        ("rhel 10", ("2.39", "3.12", "rhel10", "2035-05")),
        ("rocky 10", ("2.39", "3.12", "rhel10", "2035-05")),
        ("almalinux 8", ("2.28", "3.6", "rhel8", "2029-03")),
        ("fedora 42", ("2.41", "3.13", "fedora42", "2026-05")),
        # The guides that were read name 42 and 44.
        ("fedora 43", ("2.42", "3.14", None, "2026-12")),
        ("fedora 44", ("2.43", "3.14", "fedora44", None)),
        ("opensuse-leap 15.6", ("2.38", "3.6", "opensuse15", "2026-04")),
        ("opensuse-leap 16.0", ("2.40", "3.13", "suse16", "2027-10")),
        # Service packs differ in their glibc.
        ("sles 15", (None, "3.6", "sles15", None)),
        ("amzn 2023", ("2.34", "3.9", "amzn2023", "2028-03")),
    ],
)
def test_operating_systems_are_what_their_makers_say(
    catalog: Catalog, os: str, facts: tuple[str | None, ...]
) -> None:
    row = next(row for row in catalog.systems if f"{row.id} {row.version}" == os)

    assert (row.glibc, row.python, row.nvidia_repository, row.end_of_life) == facts


def test_what_templates_install_by_name_was_seen_on_the_systems_they_are_for(
    catalog: Catalog,
) -> None:
    """No template names one: they come as arguments, or from the rows of the system's family."""
    installed = re.compile(
        r"(?:apt[-_]get (?:-[-\w]+ )*install|packages_(?:install|get)) ([^|\\\n]*)"
    )
    files = [file for file in (CHECKOUT / "templates").rglob("*") if file.is_file()]
    named = {
        (file.name, word)
        for file in files
        for line in file.read_text(encoding="utf-8").splitlines()
        for match in installed.finditer(line)
        if not line.lstrip().startswith("#")
        for word in match[1].split("{{")[0].split(")")[0].split()
        if re.fullmatch(r"[a-z][a-z0-9.+-]+", word)
    }
    seen = {(row.os, row.package) for row in catalog.system_packages}

    assert named == set()
    brings = {row.family: row for row in catalog.family_packages}
    with_apt = [row.os for row in catalog.repositories if row.os.startswith(("debian", "ubuntu"))]
    assert {(os, word) for os in with_apt for word in brings["debian"].key_tools} - seen == set()
    assert brings["redhat"].dkms_repository == "epel-release"
    rpms = (CHECKOUT / "tests/table/facts/26_rpm_packages.csv").read_text(encoding="utf-8")
    # No row needs the plugin yet: those of RHEL 8 and 9 have module streams.
    assert ",epel-release," in rpms


def test_jetsons_have_no_pci_id_and_are_known_by_name(catalog: Catalog) -> None:
    modules = {row.name: row for row in catalog.gpus if row.vendor == "10de" and not row.device}

    # Capabilities and memory: facts 19; the chips' capabilities: facts 09.
    assert modules["Jetson AGX Orin 64GB"].compute_capability == "8.7"
    assert modules["Jetson AGX Orin 64GB"].memory_bytes == 64 * 1024**3
    assert modules["Jetson T5000"].compute_capability == "11.0"
    assert modules["Jetson TX1"].compute_capability == "5.3"
    assert all(row.integrated for row in modules.values())


@pytest.mark.parametrize(
    ("device", "subsystem", "integrated"),
    [("2e12", "10de:21ec", True), ("2b00", None, True), ("2684", None, False)],
)
def test_gb10_and_thor_share_the_processors_memory(
    catalog: Catalog, device: str, subsystem: str | None, *, integrated: bool
) -> None:
    (row,) = [
        row
        for row in catalog.gpus
        if (row.vendor, row.device, row.subsystem) == ("10de", device, subsystem)
    ]

    assert row.integrated is integrated


@pytest.mark.parametrize(
    ("name", "integrated", "rocm"),
    [
        ("Radeon 680M", True, "not in the official lists read"),
        ("AMD Radeon RX 6900 XT", False, "6.0-7.2 (V620/W6800 class)"),
        ("Instinct MI355X", False, "7.1-7.2+"),
        # gfx942 names cards and a processor.
        ("Instinct MI300A", None, "6.0-7.2+"),
    ],
)
def test_amds_gpus_say_what_kind_they_are_and_what_the_documents_say(
    catalog: Catalog, name: str, integrated: bool | None, rocm: str
) -> None:
    found = {(row.integrated, row.official_rocm) for row in catalog.gpus if row.name == name}

    assert found == {(integrated, rocm)}


@pytest.mark.parametrize(
    ("capability", "formats"),
    [
        # Facts 18.
        ("6.1", ()),
        ("7.0", ("fp16",)),
        ("8.6", ("tf32", "bf16", "fp16", "int8", "int4")),
        ("9.0", ("fp64", "tf32", "bf16", "fp16", "fp8", "int8")),
        ("12.0", ("tf32", "bf16", "fp16", "fp8", "fp6", "fp4", "int8")),
        # Only partly known there.
        ("7.2", None),
        ("8.8", None),
    ],
)
def test_capabilities_say_what_their_tensor_cores_compute_in(
    catalog: Catalog, capability: str, formats: tuple[str, ...] | None
) -> None:
    row = next(row for row in catalog.architectures if row.compute_capability == capability)

    assert (row.tensor_precisions and set(row.tensor_precisions)) == (formats and set(formats))


def test_thor_was_renamed_and_rubins_name_is_only_inferred(catalog: Catalog) -> None:
    """Facts 02: 10.1 is 11.0 from CUDA 13.0 on; ptxas gives 10.7 no name."""
    rows = {row.compute_capability: row for row in catalog.architectures}

    assert {row.renamed for row in rows.values()} == {None, "11.0"}
    assert rows["10.1"].renamed == "11.0"
    assert rows["10.7"].evidence.endswith("name: Rubin? (unlabelled in ptxas)")


@pytest.mark.parametrize(
    ("branch", "kind"),
    [("455", "developer"), ("550", "PB"), ("570", "PB"), ("545", None), ("615", None)],
)
def test_branches_are_of_the_kind_that_documents_or_ubuntu_say(
    catalog: Catalog, branch: str, kind: str | None
) -> None:
    assert next(row for row in catalog.drivers if row.branch == branch).kind == kind
