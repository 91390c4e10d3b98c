"""Facts of builds that people rely on, written down from the sources and not from the sheets."""

from __future__ import annotations

import pytest

from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Build


def build(catalog: Catalog, framework: str, version: str, variant: str = "default") -> Build:
    found = [
        row
        for row in catalog.builds(framework)
        if (row.framework, row.version, row.variant) == (framework, version, variant)
        and row.platform == "linux-x86_64"
    ]
    assert len(found) == 1
    return found[0]


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
        # Taken back: its METADATA asked for what only PyTorch's own index has.
        ("torchvision", "0.11.0", "torch==1.10.0+cu102"),
        ("torchvision", "0.11.1", "torch==1.10.0"),
        ("torchaudio", "2.10.0", "torch==2.10.0"),
        ("torchaudio", "2.11.0", "torch<2.15,>=2.11"),
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
