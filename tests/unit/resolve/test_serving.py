from __future__ import annotations

import pytest

from provisioner.resolve.serving import served_by

TEGRA = frozenset({"3.2", "5.3", "6.2", "7.2", "8.7", "11.0"})

# The rule is from the CUDA C++ Programming Guide (binary and PTX compatibility); the examples
# are cases that people met: peers.md §4, facts README.


@pytest.mark.parametrize(
    ("capability", "sass", "expected"),
    [
        pytest.param("8.6", ("sm_80",), ("sm_80", "sass"), id="a-higher-minor-runs-the-lower"),
        pytest.param("8.9", ("sm_75", "sm_80", "sm_86"), ("sm_86", "sass"), id="ada-runs-ampere"),
        pytest.param("12.1", ("sm_120",), ("sm_120", "sass"), id="gb10-runs-consumer-blackwell"),
        pytest.param("10.3", ("sm_100",), ("sm_100", "sass"), id="b300-runs-b200"),
        pytest.param("8.0", ("sm_86",), None, id="a-lower-minor-does-not"),
        pytest.param("7.0", ("sm_75", "sm_80"), None, id="volta-beside-a-gap"),
        pytest.param("6.1", ("sm_50", "sm_70"), None, id="a-list-is-a-set-not-a-range"),
        pytest.param("9.0", ("sm_90a",), ("sm_90a", "sass"), id="a-suffix-on-the-very-part"),
        pytest.param("10.3", ("sm_100f",), None, id="a-family-target-never-carries-forward"),
        pytest.param("12.0", ("sm_90a",), None, id="an-arch-specific-target-never-does"),
        pytest.param("8.7", ("sm_80", "sm_86"), None, id="orin-is-outside"),
        pytest.param("8.7", ("sm_87",), ("sm_87", "sass"), id="orin-by-a-build-made-for-it"),
        pytest.param("8.9", ("sm_87",), None, id="tegra-code-runs-on-no-desktop-part"),
        pytest.param("11.0", ("sm_100", "sm_110"), ("sm_110", "sass"), id="thor"),
    ],
)
def test_machine_code_runs_on_the_same_major_and_an_equal_or_higher_minor(
    capability: str, sass: tuple[str, ...], expected: tuple[str, str] | None
) -> None:
    assert served_by(capability, sass, (), TEGRA) == expected


@pytest.mark.parametrize(
    ("capability", "ptx", "expected"),
    [
        pytest.param("12.0", ("compute_90",), ("compute_90", "ptx"), id="any-newer-part"),
        pytest.param("5.0", ("compute_35", "compute_52"), ("compute_35", "ptx"), id="the-highest"),
        pytest.param("7.5", ("compute_80",), None, id="never-downwards"),
        pytest.param("8.7", ("compute_80",), None, id="never-to-tegra"),
        pytest.param("12.0", ("compute_90a",), None, id="never-from-an-arch-specific-target"),
    ],
)
def test_ptx_is_compiled_for_any_equal_or_newer_part(
    capability: str, ptx: tuple[str, ...], expected: tuple[str, str] | None
) -> None:
    assert served_by(capability, (), ptx, TEGRA) == expected


def test_machine_code_goes_before_ptx() -> None:
    assert served_by("8.6", ("sm_80",), ("compute_86",)) == ("sm_80", "sass")
