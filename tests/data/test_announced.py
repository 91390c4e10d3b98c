"""Announced builds: where they stand, and facts of theirs written down from the sources."""

from __future__ import annotations

import pytest

from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Build
from provisioner.catalog.sheets import natural
from tests.unit.resolve.asking import STACKS, plan


def only(catalog: Catalog, framework: str, version: str, variant: str, platform: str) -> Build:
    found = [
        row
        for row in catalog.every_build(framework)
        if (row.framework, row.version, row.variant, row.platform)
        == (framework, version, variant, platform)
    ]
    assert len(found) == 1
    return found[0]


def test_what_plans_choose_from_is_for_nvidia_or_the_cpu(catalog: Catalog) -> None:
    chosen_from = {row for name in catalog.frameworks for row in catalog.builds(name)}
    known = {row for name in catalog.every_name for row in catalog.every_build(name)}

    assert {row.accelerator for row in chosen_from} <= {None, "mps"}
    assert {row.accelerator for row in known} >= {"rocm", "xpu"}


@pytest.mark.parametrize("package", ["torch", "torchvision", "torchaudio"])
def test_a_variant_of_the_index_stands_beside_a_measured_wheel(
    catalog: Catalog, package: str
) -> None:
    found = [row for row in catalog.every_build(package) if row.framework == package]
    measured = {(row.version, row.platform) for row in found if row.kind == "measured"}
    variants = [row for row in found if row.index]

    assert variants
    assert {(row.version, row.platform) for row in variants} <= measured
    assert {row.kind for row in variants} == {"announced"}


def test_every_release_of_torch_from_1_2_on_has_a_build_without_cuda(catalog: Catalog) -> None:
    releases = {
        row.version
        for row in catalog.builds("torch")
        if row.kind == "measured" and row.platform == "linux-x86_64"
    }
    cpu = {row.version for row in catalog.builds("torch") if row.variant == "cpu"}

    assert cpu == {version for version in releases if natural(version) >= natural("1.2")}


@pytest.mark.parametrize("version", ["2.9.1", "2.11.0", "2.14.1"])
def test_for_one_version_the_measured_wheel_goes_first(version: str) -> None:
    # All three have an announced variant beside them that serves an H100 as well.
    (pin,) = plan(Catalog(STACKS), f"torch=={version}", gpus=("H100",)).pins

    assert (pin.version, pin.variant, pin.evidence) == (version, "default", "measured")


@pytest.mark.parametrize(
    ("version", "variants"),
    [
        # PyTorch's release document and the script that builds a release (facts 20).
        ("2.9.1", {"rocm6.3", "rocm6.4"}),
        ("2.5.1", {"rocm6.1", "rocm6.2"}),
        ("2.0.1", {"rocm5.3", "rocm5.4.2"}),
        ("1.12.1", {"rocm5.0"}),
    ],
)
def test_torch_for_rocm(catalog: Catalog, version: str, variants: set[str]) -> None:
    for package in ("torch", "torchvision"):
        found = [row for row in catalog.every_build(package) if row.accelerator == "rocm"]
        torch = {"torch": version}.get(package)
        fitting = [
            row for row in found if row.version == torch or f"torch=={version}" in row.requires
        ]
        assert {row.variant for row in fitting} == variants
        assert {row.rocm for row in fitting} == {name.removeprefix("rocm") for name in variants}


def test_torch_for_intels_gpus(catalog: Catalog) -> None:
    found = {row.version for row in catalog.every_build("torch") if row.accelerator == "xpu"}

    # docs.pytorch.org get_start_xpu of 2.5 to 2.7, 2.12 and 2.15 (facts 21).
    assert {"2.5.0", "2.6.0", "2.7.1", "2.12.0", "2.15.0"} <= found
    assert "2.4.0" not in found


def test_conda_forge_keeps_orin_apart_from_servers(catalog: Catalog) -> None:
    jetson = only(catalog, "torch", "2.12.1", "conda-forge-cuda129-tegra", "linux-aarch64")
    server = only(catalog, "torch", "2.12.1", "conda-forge-cuda129-sbsa", "linux-aarch64")

    assert (jetson.sass, jetson.ptx) == (("sm_87",), ("compute_87",))
    assert "sm_87" not in server.sass
    assert server.ptx == ("compute_120",)


def test_jaxlib_is_a_companion(catalog: Catalog) -> None:
    row = only(catalog, "jaxlib", "0.9.2", "conda-forge-cuda129", "linux-x86_64")

    assert row.sass[0] == "sm_60"
    assert row.ptx == ("compute_120",)
    assert "jaxlib" not in catalog.frameworks
    assert "jaxlib" in catalog.contents.companions


def test_images_with_cuda_alone_are_those_that_were_supported(catalog: Catalog) -> None:
    found = {row.image.partition(":")[2]: row for row in catalog.cuda_images}

    row = found["13.0.0-cudnn-devel-ubuntu24.04"]
    assert (row.os, row.cuda, row.cudnn) == ("ubuntu-24.04", "13.0", "9.12.0.46")
    assert found["12.2.2-cudnn8-runtime-ubuntu22.04"].cuda == "12.2"
    # Listed as unsupported in 2025-08: such tags are deleted after half a year.
    assert "12.6.1-base-amzn2023" not in found
