from __future__ import annotations

import pytest

from provisioner import resources
from provisioner.catalog.load import Catalog
from provisioner.errors import UsageError
from provisioner.lookup import answer
from provisioner.lookup.values import CudaAnswer, CudaReleases, DriverAnswer, DriverBranches, Step

CATALOG = Catalog(resources.stacks())


def cuda(text: str) -> CudaAnswer:
    found = answer(CATALOG, ("cuda", text))
    assert isinstance(found, CudaAnswer)
    return found


def driver(text: str) -> DriverAnswer:
    found = answer(CATALOG, ("driver", text))
    assert isinstance(found, DriverAnswer)
    return found


@pytest.mark.parametrize("text", ["12.8", "==12.8", "12.8.1", "12.8.93", " 12.8 "])
def test_a_release_its_toolkit_and_its_nvcc_are_one_cuda(text: str) -> None:
    assert cuda(text).cuda.version == "12.8"


def test_a_cuda_names_the_capabilities_of_its_compiler() -> None:
    found = [row.compute_capability for row in cuda("13.0").architectures]

    # 02_ptxas_arch, nvcc 13.0: from 7.5 on, 8.8 is new, 10.1 became 11.0.
    assert (found[0], found[-1]) == ("7.5", "12.1")
    assert "8.8" in found
    assert "11.0" in found
    assert "10.1" not in found
    assert "7.0" not in found


def test_where_no_compiler_ran_first_and_last_cuda_tell_the_capabilities() -> None:
    found = [row.compute_capability for row in cuda("10.2").architectures]

    # 02_arch_lifecycle: Kepler 3.0 to 10.2, Turing from 10.0; Fermi ended with 8.0.
    assert (found[0], found[-1]) == ("3.0", "7.5")


def test_host_compilers_move_from_update_to_update() -> None:
    found = {limits.nvcc: limits for limits in cuda("12.2").cuda.host_compilers}

    # 04_host_compiler.
    assert {nvcc: (row.gcc, row.clang) for nvcc, row in found.items()} == {
        "12.2.91": ("12", "15"),
        "12.2.128": ("12", "16"),
        "12.2.140": ("12", "16"),
    }


def test_a_cuda_names_who_uses_it_and_the_branch_it_came_with() -> None:
    found = cuda("12.8")
    torch = {use.variant: use for use in found.used_by if use.framework == "torch"}

    assert found.driver_branch == "570"
    # 06_torch_default_wheels: 2.8.0 to 2.10.0 are of CUDA 12.8.
    assert torch["default"].versions == ("2.10.0", "2.9.1", "2.9.0", "2.8.0")
    assert {row.kind for row in torch["default"].builds} == {"measured"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("12", ["12.9", "12.8", "12.6", "12.5", "12.4", "12.3", "12.2", "12.1", "12.0"]),
        (">=13.3", ["13.5", "13.4", "13.3"]),
        ("<9.1", ["9.0", "8.0"]),
    ],
)
def test_a_range_is_a_list_newest_first(text: str, found: list[str]) -> None:
    listed = answer(CATALOG, ("cuda", text))

    assert isinstance(listed, CudaReleases)
    assert [row.version for row in listed.releases] == found


@pytest.mark.parametrize(
    ("text", "runs", "compiles"),
    [
        # 01_cuda_driver: floors 450.80.02 (11.x), 525.60.13 (12.x), 580.65.06 (13.x).
        ("535", [("535.54.03", "12.9")], [("535.54.03", "12.2")]),
        ("580.95.05", [("580.95.05", "13.5")], [("580.95.05", "13.0")]),
        (
            "450",
            [("450.36.06", "11.0"), ("450.80.02", "11.8")],
            [("450.36.06", "11.0")],
        ),
        ("455", [("455.23", "11.8")], [("455.23", "11.0"), ("455.32.00", "11.1")]),
        ("352", [("352.31", None)], [("352.31", None)]),
        ("620", [], []),
    ],
)
def test_a_branch_runs_more_cuda_than_it_compiles(
    text: str, runs: list[tuple[str, str | None]], compiles: list[tuple[str, str | None]]
) -> None:
    found = driver(text)

    assert found.runs_cuda == tuple(Step(driver=at, cuda=version) for at, version in runs)
    assert found.compiles_cuda == tuple(Step(driver=at, cuda=version) for at, version in compiles)


@pytest.mark.parametrize(
    ("text", "end", "over"),
    [
        # 03_driver_branches; the facts were gathered 2026-11-20.
        ("535", "2026-06", True),
        ("580", "2028-06", False),
        ("390", "ended", True),
        ("570", None, None),
    ],
)
def test_life_is_over_only_where_a_document_says_when(
    text: str, end: str | None, over: bool | None
) -> None:
    found = driver(text)

    assert (found.branch.end_of_life, found.over) == (end, over)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [("390", "2.0", "7.0"), ("470", "3.0", "8.6"), ("580", "5.0", "12.1"), ("615", "7.5", "12.1")],
)
def test_a_branch_drives_from_one_generation_to_another(text: str, first: str, last: str) -> None:
    found = driver(text).architectures

    assert (found[0].compute_capability, found[-1].compute_capability) == (first, last)
    assert not any(row.tegra for row in found)


def test_a_package_that_installs_another_branch_is_not_listed_as_its_own() -> None:
    found = driver("535")

    # 13_ubuntu_driver_redirects: 535 installs 580 on 22.04, 24.04 and 26.04.
    assert {row.os for row in found.packages} == {"ubuntu-20.04", "debian-12", "debian-13"}
    assert {row.os for row in found.redirected} == {"ubuntu-22.04", "ubuntu-24.04", "ubuntu-26.04"}
    assert {row.branch for row in found.redirected} == {"580"}


@pytest.mark.parametrize("text", ["535", "R535", "535.183.01", "==535", "535.xx"])
def test_a_branch_is_known_in_its_spellings(text: str) -> None:
    assert driver(text).branch.branch == "535"


def test_branches_are_listed_newest_first() -> None:
    listed = answer(CATALOG, ("driver",))

    assert isinstance(listed, DriverBranches)
    assert listed.branches[0].branch == "620"
    assert listed.branches == CATALOG.drivers[::-1]


@pytest.mark.parametrize(
    ("words", "reference", "hint"),
    [
        (("cuda", "12.7"), "unknown-cuda", "12.6 or 12.8"),
        (("cuda", "cu128"), "unknown-cuda", "12.8"),
        (("cuda", "12.8.77"), "unknown-cuda", "12.8"),
        (("cuda", "x"), "unknown-cuda", "Write a release"),
        (("cuda", ">=99"), "unknown-cuda", "Write a release"),
        (("cuda", ">=x"), "bad-requirement", "cuda>=12.4"),
        (("driver", "536.25"), "unknown-driver", "535 or 545"),
        (("driver", "abc"), "bad-driver", "535.183.01"),
        (("driver", "1.2.3.4"), "bad-driver", "535.183.01"),
        (("driver", ">=x"), "bad-requirement", "driver>=535"),
        (("driver", ">9999"), "unknown-driver", "Check the number"),
    ],
)
def test_what_nobody_knows_is_an_error_with_near_names(
    words: tuple[str, ...], reference: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        answer(CATALOG, words)

    assert caught.value.reference == reference
    assert hint in caught.value.hint
