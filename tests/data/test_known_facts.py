"""Facts that people rely on, written down from the sources and not from the sheets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Build

CHECKOUT = Path(__file__).resolve().parents[2]


def build(catalog: Catalog, framework: str, version: str, variant: str = "default") -> Build:
    found = [
        row
        for row in catalog.builds(framework)
        if (row.framework, row.version, row.variant) == (framework, version, variant)
        and row.platform == "linux-x86_64"
    ]
    assert len(found) == 1
    return found[0]


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


def test_the_default_torch_wheel_is_what_its_files_say(catalog: Catalog) -> None:
    row = build(catalog, "torch", "2.14.1")

    assert row.kind == "measured"
    assert (row.cuda, row.cudnn, row.glibc) == ("13.0", "9.24.0.43", "2.28")
    assert row.sass == ("sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120")
    assert row.ptx == ()
    assert row.pythons == ("3.10", "3.11", "3.12", "3.13", "3.14", "3.14t")
    # Of the wheel that its evidence names, as a HEAD request tells.
    assert row.download_bytes == 554550266
    assert "nvidia-cudnn-cu13==9.24.0.43" in row.requires


@pytest.mark.parametrize(
    ("version", "variant", "sass", "ptx"),
    [
        ("2.14.1", "cu126", "50 60 70 75 80 86 90", ""),
        ("2.9.1", "cu130", "75 80 86 90 100 120", "120"),
        ("2.12.1", "cu132", "75 80 86 90 100 120", ""),
        ("2.7.1", "cu128", "75 80 86 90 100 120", "120"),
        ("2.0.1", "cu118", "37 50 60 70 75 80 86 90", ""),
        ("1.12.1", "cu113", "37 50 60 70 75 80 86", ""),
        ("2.4.1", "cu124", "50 60 70 75 80 86 90", ""),
        ("2.6.0", "cu126", "", ""),
    ],
)
def test_variants_of_torch_carry_what_was_announced(
    catalog: Catalog, version: str, variant: str, sass: str, ptx: str
) -> None:
    row = build(catalog, "torch", version, variant)

    assert row.kind == "announced"
    assert row.sass == tuple(f"sm_{number}" for number in sass.split())
    assert row.ptx == tuple(f"compute_{number}" for number in ptx.split())
    assert (row.index or "").endswith(f"/whl/{variant}")


def test_torch_on_aarch64_is_a_cpu_build_up_to_2_10(catalog: Catalog) -> None:
    cuda = {
        row.version: row.cuda
        for row in catalog.builds("torch")
        if row.platform == "linux-aarch64" and row.variant == "default"
    }

    assert cuda["2.10.0"] is None
    assert cuda["2.11.0"] == "13.0"


def test_torchvisions_wheels_hold_what_their_libraries_say(catalog: Catalog) -> None:
    row = build(catalog, "torchvision", "0.24.1")

    assert row.sass == tuple(f"sm_{n}" for n in (70, 75, 80, 86, 90, 100, 120))
    assert row.ptx == ()


def test_torchvision_0_8_0_has_no_gpu_code_and_is_refused_for_gpus(catalog: Catalog) -> None:
    assert build(catalog, "torchvision", "0.8.0").sass == ()
    assert [
        (row.reference, row.version, row.effect)
        for row in catalog.conflicts
        if "torchvision" in row.frameworks
    ] == [("cpu-only-wheel", "==0.8.0", "refuse")]


@pytest.mark.parametrize(
    ("package", "version", "requires"),
    [
        ("torchvision", "0.29.1", "torch>=2.14.0"),
        ("torchvision", "0.11.0", "torch==1.10.0"),
        ("torchaudio", "2.10.0", "torch==2.10.0"),
        ("torchaudio", "2.11.0", "torch==2.11.*"),
    ],
)
def test_companions_of_torch_name_their_pair(
    catalog: Catalog, package: str, version: str, requires: str
) -> None:
    assert build(catalog, package, version).requires == (requires,)


SINCE_1_5 = "35 37 52 60 61 70"


@pytest.mark.parametrize(
    ("framework", "version", "libraries", "code"),
    [
        ("tensorflow", "2.21.0", ("12.5", "9.3", "bundled"), ("60 70 80 89", "90")),
        ("tensorflow", "2.15.0", ("12.2", "8.9.4.25", "bundled"), ("50 60 70 75", "80")),
        ("tensorflow", "2.10.1", ("11.2", "8.1", "system"), ("35 50 60 70 75", "80")),
        ("tensorflow", "1.15.5", (None, None, "bundled"), ("", "")),
        ("tensorflow-gpu", "1.15.5", ("10.0", "7.4", "system"), (SINCE_1_5, SINCE_1_5)),
        ("tensorflow-gpu", "1.15.2", ("10.0", "7.4", "system"), (SINCE_1_5, SINCE_1_5)),
        ("tensorflow-gpu", "1.12.3", ("9.0", "7", "system"), ("37", "37")),
        ("tensorflow-gpu", "2.0.4", ("10.0", "7.4", "system"), (SINCE_1_5, "")),
    ],
)
def test_tensorflows_wheels_are_what_their_files_say(
    catalog: Catalog,
    framework: str,
    version: str,
    libraries: tuple[str | None, ...],
    code: tuple[str, str],
) -> None:
    row = build(catalog, framework, version)
    sass, ptx = (text.split() for text in code)

    assert (row.cuda, row.cudnn, row.libraries) == libraries
    assert row.sass == tuple(f"sm_{number}" for number in sass)
    assert row.ptx == tuple(f"compute_{number}" for number in ptx)


def test_tensorflow_brings_nvidias_libraries_by_an_extra_from_2_14_on(catalog: Catalog) -> None:
    assert build(catalog, "tensorflow", "2.14.0").extra == "and-cuda"
    assert build(catalog, "tensorflow", "2.13.1").extra is None


def test_avx_is_needed_from_1_6_and_by_mistake_in_1_5_1(catalog: Catalog) -> None:
    needs = {v: build(catalog, "tensorflow-gpu", v).cpu for v in ("1.5.0", "1.5.1", "1.6.0")}

    assert needs == {"1.5.0": (), "1.5.1": ("avx",), "1.6.0": ("avx",)}


def test_nvidias_tensorflow_1_has_the_driver_of_its_months_image(catalog: Catalog) -> None:
    found = {
        row.version: (row.cuda, row.driver_floor, row.pythons)
        for row in catalog.builds("nvidia-tensorflow")
    }

    assert found == {
        "1.15.5+nv22.12": ("11.8", "520", ("3.8",)),
        "1.15.5+nv23.01": ("12.0", "525", ("3.8",)),
        "1.15.5+nv23.02": ("12.0", "525", ("3.8",)),
        "1.15.5+nv23.03": ("12.1", "530", ("3.8",)),
    }


def test_the_tensorflow_1_images_of_the_routes_are_there(catalog: Catalog) -> None:
    images = {row.image: row for row in catalog.builds("tensorflow") if row.image}
    official = images["docker.io/tensorflow/tensorflow:1.15.5-gpu-py3"]
    nvidia = images["nvcr.io/nvidia/tensorflow:23.03-tf1-py3"]

    assert (official.cuda, official.cudnn, official.pythons) == ("10.0", "7.6.2.24", ("3.6",))
    assert official.ptx[-1] == "compute_70"
    assert (nvidia.cuda, nvidia.driver_floor, nvidia.sass[-1]) == ("12.1", "530", "sm_90")


def test_the_defaults_channel_serves_kepler_3_0(catalog: Catalog) -> None:
    row = build(catalog, "tensorflow-gpu", "1.15.0", "defaults-cuda100")

    assert row.sass == tuple(f"sm_{n}" for n in (30, 35, 52, 60, 61, 70, 75))
    assert (row.channel, row.cudnn, row.pythons) == ("defaults", "7.6", ("2.7", "3.6", "3.7"))


def test_one_conda_forge_build_reaches_from_maxwell_to_blackwell(catalog: Catalog) -> None:
    row = build(catalog, "torch", "2.13.0", "conda-forge-cuda129")

    assert (row.sass[0], row.sass[-1], row.ptx) == ("sm_50", "sm_120", ("compute_120",))
    assert (row.package, row.build_string, row.glibc) == ("pytorch", "cuda129*", "2.17")


@pytest.mark.parametrize(("version", "lowest"), [("9.10.2.21", "sm_50"), ("9.11.0.98", "sm_75")])
def test_cudnn_for_cuda_12_left_old_gpus_behind_in_9_11(
    catalog: Catalog, version: str, lowest: str
) -> None:
    row = next(
        row
        for row in catalog.libraries
        if (row.package, row.version) == ("nvidia-cudnn-cu12", version)
    )

    assert row.sass[0] == lowest


def test_uv_is_pinned_with_a_hash_for_each_linux_it_may_be_fetched_on(catalog: Catalog) -> None:
    uv = next(row for row in catalog.tools if row.name == "uv")

    assert uv.version.startswith("0.13.")
    assert len(uv.hashes) == 4
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
        ("rocky 10", ("2.39", None, "rhel10", "2035-05")),
        ("almalinux 8", ("2.28", None, "rhel8", "2029-03")),
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
    """Only the action that adds a repository names packages; all others come as arguments."""
    installed = re.compile(r"apt[-_]get (?:-[-\w]+ )*install ([^|\\]*)")
    files = [file for file in (CHECKOUT / "templates").rglob("*") if file.is_file()]
    named = {
        (file.name, word)
        for file in files
        for match in installed.finditer(file.read_text(encoding="utf-8"))
        for word in match[1].split("{{")[0].split(")")[0].split()
        if re.fullmatch(r"[a-z][a-z0-9.+-]+", word)
    }
    seen = {(row.os, row.package) for row in catalog.system_packages}

    assert named == {("repository.sh", name) for name in ("ca-certificates", "curl", "gpg")}
    wanted = {(row.os, word) for row in catalog.repositories for _, word in named}
    assert wanted - seen == set()


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
