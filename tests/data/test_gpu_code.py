"""GPU code of large libraries, as NVIDIA's own cuobjdump 13.4 lists it for the same wheels.

It was asked with ``-all --list-elf --list-ptx``. It does not tell a family's code
(``sm_100f``) from plain code, and of vLLM it lists what some kernels alone are compiled for, too.
"""

from __future__ import annotations

import pytest

from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Build


def build(catalog: Catalog, name: str, version: str, platform: str = "linux-x86_64") -> Build:
    (row,) = [
        row
        for row in catalog.every_build(name)
        if (row.framework, row.version, row.platform) == (name, version, platform)
        and row.variant == "default"
    ]
    return row


def plain(targets: tuple[str, ...]) -> str:
    return " ".join(target.partition("_")[2].removesuffix("f") for target in targets)


@pytest.mark.parametrize(
    ("name", "version", "sass", "ptx"),
    [
        ("cupy-cuda13x", "14.2.0", "75 80 86 89 90 100 120", "120"),
        ("cupy-cuda12x", "13.6.0", "50 52 60 61 70 75 80 86 89 90 100 120", "100"),
        ("jax-cuda13-pjrt", "0.12.0.1", "75 80 90 100 110 120", "120"),
        ("jax-cuda12-pjrt", "0.4.30", "50 60 70 80 90", "90"),
        ("torchcodec", "0.17.0", "75 80 86 90 100 120", "120"),
        ("onnxruntime-gpu", "1.31.1", "75 80 86 89 90a 120a", ""),
    ],
)
def test_libraries_hold_what_nvidias_program_lists(
    catalog: Catalog, name: str, version: str, sass: str, ptx: str
) -> None:
    row = build(catalog, name, version)

    assert (plain(row.sass), plain(row.ptx)) == (sass, ptx)


@pytest.mark.parametrize(
    ("version", "platform", "cuda", "listed"),
    [
        ("0.50.2", "linux-x86_64", "12.8", "70 75 80 86 89 90 100 120; 120"),
        ("0.50.2", "linux-aarch64", "13.0", "75 80 90 100 110 120 121; 121"),
        ("0.45.0", "linux-x86_64", "12.4", "50 52 60 61 70 75 80 86 89 90; 90"),
    ],
)
def test_each_library_of_bitsandbytes_has_its_own_list(
    catalog: Catalog, version: str, platform: str, cuda: str, listed: str
) -> None:
    row = build(catalog, "bitsandbytes", version, platform)
    (code,) = [code for code in row.code_by_cuda if code.cuda == cuda]

    assert f"{plain(code.sass)}; {plain(code.ptx)}" == listed


@pytest.mark.parametrize(
    ("version", "listed"),
    [("0.33.0", "75 80 86 89 90 100 120"), ("0.20.0", "75 80 86 89 90 100 120")],
)
def test_vllm_serves_what_its_common_kernels_are_compiled_for(
    catalog: Catalog, version: str, listed: str
) -> None:
    row = build(catalog, "vllm", version)

    assert plain(row.sass) == listed
    assert row.ptx == ()  # 19 of 118 files hold some for 8.0: no later GPU runs the others


def test_an_old_vllm_does_not_serve_a_gpu_by_the_ptx_of_one_file(catalog: Catalog) -> None:
    """One of 56 fat binaries of 0.8.5 is for 5.2 with PTX: nvcc's default, and no kernel of it."""
    row = build(catalog, "vllm", "0.8.5")

    assert (plain(row.sass), row.ptx) == ("70 75 80 86 89 90", ())
