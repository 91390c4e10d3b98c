"""What a build needs of GPUs and driver, from the rows themselves."""

from __future__ import annotations

import pytest

from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Build
from provisioner.plan import Serve
from provisioner.resolve.gpu_needs import needs_of_driver, needs_of_gpus
from tests.unit.resolve.asking import STACKS, facts

CATALOG = Catalog(STACKS)


def nv22_12() -> Build:
    """NVIDIA's TensorFlow 1 of 22.12: CUDA 11.8, and its release notes ask for driver 520."""
    (row,) = [row for row in CATALOG.builds("nvidia-tensorflow") if row.version == "1.15.5+nv22.12"]
    assert (row.cuda, row.driver_floor) == ("11.8", "520")
    return row


NATIVE = (Serve("T4", "sm_75", "sass"),)


def test_a_publisher_may_ask_for_more_than_cuda_does() -> None:
    (need,) = needs_of_driver(facts(CATALOG, "T4"), nv22_12(), NATIVE)

    assert need.floor == "520"
    assert need.reason == "its publisher asks for driver 520 or later"


def test_on_wsl_the_publishers_floor_is_no_number_of_the_windows_driver() -> None:
    """CUDA 11.x on Windows runs from 452.39 on (facts 01); 520 counts Linux drivers."""
    (need,) = needs_of_driver(facts(CATALOG, "T4", wsl=True), nv22_12(), NATIVE)

    assert need.floor == "452.39"
    assert need.reason == "CUDA 11.8 needs driver 452.39 or later"


def test_ptx_needs_the_driver_that_came_with_the_builds_cuda() -> None:
    """CUDA 12.4 came with 550.54.14; its machine code runs from 525.60.13 on (facts 01)."""
    build = made(("sm_80",), ("compute_90",))
    native = needs_of_driver(facts(CATALOG, "A100"), build, (Serve("A100", "sm_80", "sass"),))
    compiled = needs_of_driver(facts(CATALOG, "H100"), build, (Serve("H100", "compute_90", "ptx"),))

    assert [need.floor for need in (*native, *compiled)] == ["525.60.13", "550.54.14"]


@pytest.mark.parametrize(
    ("capability", "sass", "ptx", "reference"),
    [
        pytest.param("6.1", ("sm_75", "sm_80"), (), "gpu-too-old", id="older-than-all-code"),
        pytest.param("8.0", ("sm_86",), (), "gpu-too-old", id="older-by-a-minor"),
        pytest.param("7.5", (), ("compute_80",), "gpu-too-old", id="older-than-all-ptx"),
        pytest.param("12.0", ("sm_80", "sm_90"), (), "gpu-too-new", id="newer-than-all-code"),
        pytest.param("7.0", ("sm_61", "sm_75"), (), "gpu-unsupported", id="between-two"),
        pytest.param("8.9", ("sm_75",), ("compute_90",), "gpu-unsupported", id="below-the-ptx"),
        pytest.param("8.6", (), (), "unknown-architectures", id="nobody-read-the-list"),
        pytest.param("8.7", ("sm_80", "sm_90"), (), "aarch64-jetson", id="a-tegra-part"),
    ],
)
def test_a_build_without_code_for_a_gpu_says_at_which_end_it_stops(
    capability: str, sass: tuple[str, ...], ptx: tuple[str, ...], reference: str
) -> None:
    known = facts(CATALOG, capability)

    assert [need.reference for need in needs_of_gpus(known, made(sass, ptx), ())] == [reference]


def made(sass: tuple[str, ...], ptx: tuple[str, ...]) -> Build:
    return Build(
        framework="torch",
        version="9.0.0",
        platform="linux-x86_64",
        pythons=("3.10",),
        cuda="12.4",
        sass=sass,
        ptx=ptx,
        kind="measured",
        evidence="written for the test",
        checked="2026-11-20",
    )
