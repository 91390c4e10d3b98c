from __future__ import annotations

import pytest

from provisioner import resources
from provisioner.catalog.find import gpu_by_word
from provisioner.catalog.load import Catalog
from provisioner.errors import RefusedError
from provisioner.machine import Driver, Machine, OperatingSystem
from provisioner.plan import Request
from provisioner.resolve.drivers import Scenario, scenarios
from provisioner.resolve.facts import Facts

CATALOG = Catalog(resources.stacks())

# Branches, modules and packages are those of facts 03 and 13; lives of branches of facts 03.


def asked(
    *gpus: str,
    driver: str | None = None,
    known: bool = True,
    flavour: str | None = None,
    os: str = "ubuntu-24.04",
    wsl: bool = False,
    keep: bool = False,
) -> tuple[Scenario, ...]:
    os_id, _, version = os.partition("-")
    machine = Machine(
        os=OperatingSystem(id=os_id, version=version, wsl=wsl),
        gpus=tuple(gpu_by_word(CATALOG, gpu) for gpu in gpus),
        driver=Driver(version=driver, flavour=flavour) if driver else None,
        sources={"driver": "option"} if known else {},
    )
    request = Request(requirements=("torch",), keep_driver=keep)
    return scenarios(Facts(machine, request, CATALOG))


def actions(found: tuple[Scenario, ...]) -> list[tuple[str, str, str | None]]:
    return [
        (scenario.action, scenario.choices[0].branch, scenario.choices[0].flavour)
        for scenario in found
        if scenario.choices
    ]


def test_a_working_driver_is_kept_and_may_be_upgraded() -> None:
    assert actions(asked("RTX 3090", driver="535.183.01")) == [
        ("keep", "535", None),
        ("upgrade", "580", "open"),
    ]


def test_no_gpu_needs_no_driver() -> None:
    assert asked() == (Scenario(action="none", choices=()),)


@pytest.mark.parametrize(
    ("gpus", "branch", "flavour"),
    [
        pytest.param(("RTX 4090",), "580", "open", id="open-where-both-would-do"),
        pytest.param(("RTX 5090",), "580", "open", id="blackwell-knows-only-open"),
        pytest.param(("GTX 1080 Ti",), "580", "proprietary", id="pascal-only-proprietary"),
        pytest.param(("GTX 1080 Ti", "RTX 4090"), "580", "proprietary", id="both-in-one-box"),
        pytest.param(("K80",), "470", "proprietary", id="kepler-ends-at-470"),
        pytest.param(("K80", "RTX 3090"), "470", "proprietary", id="470-drives-ampere-too"),
    ],
)
def test_where_there_is_no_driver_the_longest_lived_that_drives_all_is_installed(
    gpus: tuple[str, ...], branch: str, flavour: str
) -> None:
    assert actions(asked(*gpus, os="ubuntu-22.04")) == [("install", branch, flavour)]


def test_a_branch_that_dropped_the_gpu_gives_way_to_one_that_has_it() -> None:
    assert actions(asked("K80", driver="535.183.01", os="ubuntu-22.04")) == [
        ("install", "470", "proprietary")
    ]


def test_the_wrong_kernel_module_is_no_working_driver() -> None:
    wrong = asked("RTX 5090", driver="580.95.05", flavour="proprietary")
    right = asked("RTX 5090", driver="580.95.05", flavour="open")

    assert actions(wrong) == [("install", "580", "open")]
    assert actions(right)[0] == ("keep", "580", "open")


def test_an_unknown_driver_is_ensured_and_no_system_package_is_needed_for_that() -> None:
    (found,) = asked("RTX 3090", known=False, os="fedora-42")

    assert found.action == "ensure"
    assert found.choices[0].package is None


def test_only_packages_that_the_system_has_are_installed() -> None:
    (focal,) = asked("RTX 3090", os="ubuntu-20.04")
    (debian,) = asked("RTX 3090", os="debian-12")

    assert {choice.branch for choice in focal.choices} <= {"470", "535", "550", "565", "570"}
    assert debian.choices[0].package == "nvidia-open"


@pytest.mark.parametrize(
    "gpus",
    [("RTX 5090", "GTX 1080 Ti"), ("K80", "RTX 4090"), ("V100", "B200")],
)
def test_gpus_that_share_no_branch_or_module_are_refused(gpus: tuple[str, ...]) -> None:
    with pytest.raises(RefusedError) as caught:
        asked(*gpus)

    assert caught.value.reference == "no-common-driver"
    assert caught.value.data["refused"]


@pytest.mark.parametrize(
    ("driver", "wsl", "keep"),
    [("440.33", False, True), (None, False, True), ("440.33", True, False)],
)
def test_a_driver_that_must_stay_and_does_not_drive_the_gpu_is_a_refusal(
    driver: str | None, wsl: bool, keep: bool
) -> None:
    with pytest.raises(RefusedError) as caught:
        asked("RTX 3090", driver=driver, wsl=wsl, keep=keep)

    assert caught.value.reference == "no-compatible-stack"
    assert caught.value.data["refused"]


def test_on_wsl_nothing_is_ever_installed() -> None:
    kept = asked("RTX 4090", driver="551.61", wsl=True)
    unknown = asked("RTX 4090", known=False, wsl=True)

    assert [scenario.action for scenario in (*kept, *unknown)] == ["keep", "ensure"]
