"""Which driver a GPU generation gets on which system.

Branches, modules and their ends are those of facts 03; packages of Ubuntu those of facts 13, which
are no redirects; NVSwitch boards those of NVIDIA's Fabric Manager guide.
"""

from __future__ import annotations

import csv
from itertools import product
from pathlib import Path

import pytest

from provisioner.errors import RefusedError
from provisioner.resolve.drivers import DriverChoice
from tests.unit.resolve.test_drivers import asked

FACTS = Path(__file__).parents[2] / "table/facts"
UBUNTU = ("22.04", "24.04", "26.04")
OPEN = {"RTX 2080": "Turing", "RTX 3090": "Ampere", "RTX 4090": "Ada"}
PROPRIETARY = {"GTX 980": "Maxwell", "GTX 1080 Ti": "Pascal", "TITAN V": "Volta"}
BLACKWELL = ("RTX 5090", "RTX PRO 6000 Blackwell Workstation Edition")
SWITCHED = ("A100-SXM4-80GB", "H100 80GB HBM3", "H200")
DATA_CENTRE = (*SWITCHED, "A100", "H100", "H100 PCIe", "B200", "B300", "T4", "L4")


def first(gpu: str, system: str) -> DriverChoice | None:
    """What would be installed first where there is no driver."""
    (scenario,) = asked(gpu, os=system)
    return next(iter(scenario.choices), None)


def real() -> dict[tuple[str, str], str]:
    with (FACTS / "13_ubuntu_real_drivers.csv").open(newline="") as lines:
        return {(row["ubuntu"], row["package"]): row["version"] for row in csv.DictReader(lines)}


def redirects() -> set[tuple[str, str]]:
    with (FACTS / "13_ubuntu_redirects.csv").open(newline="") as lines:
        return {(row["ubuntu"], row["package"]) for row in csv.DictReader(lines)}


@pytest.mark.parametrize(
    ("gpu", "release", "package", "flavour"),
    [
        *(
            (gpu, ubuntu, "580-open", "open")
            for gpu, ubuntu in product((*OPEN, *BLACKWELL), UBUNTU)
        ),
        *((gpu, ubuntu, "580", "proprietary") for gpu, ubuntu in product(PROPRIETARY, UBUNTU)),
        *((gpu, ubuntu, "580-server-open", "open") for gpu, ubuntu in product(DATA_CENTRE, UBUNTU)),
        ("V100", "24.04", "580-server", "proprietary"),
        ("K80", "22.04", "470", "proprietary"),
        ("K80", "24.04", "470", "proprietary"),
    ],
)
def test_on_ubuntu_each_generation_gets_its_branch_and_module(
    gpu: str, release: str, package: str, flavour: str
) -> None:
    choice = first(gpu, f"ubuntu-{release}")

    assert choice is not None
    assert choice.package == f"nvidia-driver-{package}"
    assert choice.flavour == flavour
    assert choice.version == real()[release, package].partition("-")[0]


@pytest.mark.parametrize("gpu", [*OPEN, *BLACKWELL, *PROPRIETARY, *SWITCHED, "K80"])
@pytest.mark.parametrize("release", UBUNTU)
def test_no_name_that_only_redirects_is_ever_chosen(gpu: str, release: str) -> None:
    (scenario,) = asked(gpu, os=f"ubuntu-{release}")
    names = {(choice.package or "").removeprefix("nvidia-driver-") for choice in scenario.choices}

    assert not {(release, name) for name in names} & redirects()
    assert {(release, name) for name in names} <= {*real()}


@pytest.mark.parametrize(
    ("gpu", "system", "package", "branch"),
    [
        ("K80", "debian-12", "nvidia-tesla-470-driver", "470"),
        ("GTX 1080 Ti", "debian-12", "cuda-drivers-580", "580"),
        ("GTX 1080 Ti", "debian-13", "cuda-drivers-580", "580"),
        ("RTX 4090", "debian-12", "nvidia-open", "580"),
        ("RTX 4090", "debian-13", "nvidia-open", "580"),
        ("RTX 5090", "debian-12", "nvidia-open", "580"),
        ("RTX 5090", "debian-13", "nvidia-open", "580"),
    ],
)
def test_on_debian_a_branch_that_lives_goes_before_what_the_archive_has(
    gpu: str, system: str, package: str, branch: str
) -> None:
    """Debian's own are 535, past its end, and 550, of which nobody knows one."""
    choice = first(gpu, system)

    assert choice is not None
    assert (choice.package, choice.branch) == (package, branch)


@pytest.mark.parametrize("system", ["ubuntu-26.04", "debian-13"])
def test_where_no_package_drives_a_kepler_none_is_named(system: str) -> None:
    assert first("K80", system) is None


@pytest.mark.parametrize(
    ("gpus", "why"),
    [
        (("RTX 5090", "GTX 1080 Ti"), ("open module", "proprietary module")),
        (("K80", "RTX 4090"), ("branch 470 or earlier", "branch 520 or later")),
    ],
)
def test_gpus_that_no_one_driver_serves_are_refused_with_what_each_takes(
    gpus: tuple[str, ...], why: tuple[str, ...]
) -> None:
    with pytest.raises(RefusedError) as caught:
        asked(*gpus)

    assert caught.value.reference == "no-common-driver"
    told = " ".join(caught.value.context)
    assert all(words in told for words in why), told
