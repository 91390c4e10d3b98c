from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from provisioner.errors import BadDataError, UsageError
from provisioner.plan import DriverPlan, Pin, Plan, Request, Step
from provisioner.recipes import steps_for
from tests.golden import host_plans, made_catalog, plans


def test_the_steps_come_in_the_order_they_can_be_done() -> None:
    ids = [step.id for step in plans.tensorflow_keep().steps]

    assert ids == [
        "system",
        "driver",
        "uv",
        "python",
        "environment",
        "packages",
        "verification",
    ]


def test_a_cpu_plan_has_no_driver_and_a_system_python_is_not_fetched() -> None:
    ids = [step.id for step in plans.cpu().steps]

    assert ids == ["system", "uv", "environment", "packages", "verification"]


@pytest.mark.parametrize("name", plans.PLANS)
def test_the_same_plan_gives_the_same_steps(name: str) -> None:
    make = plans.PLANS[name]

    assert make().steps == make().steps


@pytest.mark.parametrize("name", [name for name in plans.PLANS if "1.15" not in name])
def test_every_step_of_a_pip_plan_says_how_it_is_seen_to_be_done(name: str) -> None:
    plan = plans.PLANS[name]()

    assert all(step.check and step.run for step in plan.steps)
    assert len({step.id for step in plan.steps}) == len(plan.steps)


def test_only_steps_that_change_the_system_need_root() -> None:
    needing = [step.id for step in plans.driver_install().steps if "root" in step.needs]

    assert needing == ["system", "driver"]


def test_the_plainest_package_of_branch_and_flavour_is_installed() -> None:
    step = driver_step(plans.driver_install())

    assert step.check == (("driver_fits", "525.60.13"),)
    assert step.run == (
        (
            "driver_install",
            "nvidia-driver-580-open",
            "580",
            "525.60.13",
            "restricted",
            "linux-modules-nvidia-580-open",
        ),
        ("driver_reboot", "nvidia-driver-580-open"),
    )
    assert "reboot" in step.needs


def test_an_unknown_driver_is_looked_at_before_anything_is_installed() -> None:
    step = driver_step(plans.driver_kepler())

    assert step.check == (("driver_fits", "440.33", "470"),)
    assert step.run[0][:5] == (
        "driver_install",
        "nvidia-driver-470",
        "470",
        "440.33",
        "restricted",
    )
    assert step.run[1:] == (
        ("package_hold", "nvidia-driver-470"),
        ("driver_reboot", "nvidia-driver-470"),
    )


def test_a_hold_that_a_killed_run_lost_is_set_before_the_driver_is_looked_at() -> None:
    steps = plans.driver_kepler().steps
    (hold,) = (step for step in steps if step.id == "hold")

    assert steps[steps.index(hold) + 1].id == "driver"
    assert hold.check == (("package_held", "nvidia-driver-470"),)
    assert hold.run == (
        ("hold_wanted", "nvidia-driver-470"),
        ("package_hold", "nvidia-driver-470"),
    )
    assert "hold" not in {step.id for step in plans.driver_install().steps}


@pytest.mark.parametrize("action", ["install", "upgrade", "ensure"])
def test_a_branch_without_a_package_stops_instead_of_installing(action: str) -> None:
    plan = plans.driver_install()
    driver = DriverPlan(action=action, minimum="615.0", branch="615", flavour="open")
    step = driver_step(plans.with_steps(msgspec.structs.replace(plan, driver=driver)))

    assert step.run == (("driver_by_hand", "615.0"),)
    assert step.needs == ()


def test_on_wsl2_no_step_installs_a_driver() -> None:
    step = driver_step(plans.wsl())

    assert step.run == (("driver_stop_wsl", "527.41"),)
    assert "root" not in step.needs


def test_packages_from_an_index_of_their_own_leave_the_rest_to_the_default() -> None:
    (packages,) = [step for step in plans.torch_keep().steps if step.id == "packages"]

    assert packages.run == (
        (
            "packages_install",
            "--source",
            "torch=https://download.pytorch.org/whl/cu126",
            "--source",
            "torchvision=https://download.pytorch.org/whl/cu126",
            "--",
            "torch==2.14.1+cu126",
            "torchvision==0.29.1+cu126",
            "transformers>=4.40",
        ),
    )


def test_what_its_publisher_keeps_with_its_dependencies_is_asked_for_there_first() -> None:
    plan = plans.torch_keep()
    index = "https://developer.download.nvidia.com/compute/redist"
    pin = Pin(
        name="nvidia-tensorflow",
        version="1.15.5+nv23.03",
        index=index,
        requirement="nvidia-tensorflow==1.15.5+nv23.03",
        index_holds_dependencies=True,
    )
    steps = plans.with_steps(msgspec.structs.replace(plan, pins=(pin,))).steps
    (packages,) = [step for step in steps if step.id == "packages"]

    assert packages.run[0][1:4] == ("--index", index, "--")


def test_every_framework_is_made_to_compute_on_as_many_gpus_as_were_planned() -> None:
    run = plans.tensorflow_keep().steps[-1].run

    assert ("verify_tensorflow", "2.21.0", "cuda", "2", "12.5") in run
    assert run[0] == ("verify_versions", "tensorflow==2.21.0", "nvidia-cudnn-cu12==9.10.2.21")


def test_a_conda_plan_takes_libraries_from_the_channel_and_wheels_from_pip() -> None:
    steps = plans.tf1_conda().steps

    assert [step.id for step in steps] == ["driver", "packages", "verification"]
    assert steps[1].run == (
        (
            "conda_install",
            "--channel",
            "conda-forge",
            "--",
            "python=3.7",
            "cudatoolkit=10.0.130",
            "cudnn=7.6.5",
        ),
        ("packages_install", "--", "tensorflow-gpu==1.15.5", "protobuf<3.21"),
    )


def test_an_image_gets_companions_under_the_caps_and_nothing_without_companions() -> None:
    some = [step.run for step in plans.tf1_image().steps if step.id == "packages"]
    none = [step.id for step in plans.tf1_image(companions=()).steps]

    assert some == [(("packages_install", "--", "protobuf<3.21", "pandas<1.2"),)]
    assert "packages" not in none


@pytest.mark.parametrize(
    "text",
    ["--index-url=https://example.org", " -r /etc/passwd", "numpy\n--pre", "a\x1bb", "", "  "],
)
@pytest.mark.parametrize("make", [plans.cpu, plans.tf1_conda, plans.tf1_image])
def test_a_companion_that_an_installer_would_misread_is_refused(make: object, text: str) -> None:
    assert callable(make)
    plan: Plan = make()
    asked = Request(requirements=plan.request.requirements, companions=("numpy", text))

    with pytest.raises(UsageError) as caught:
        steps_for(msgspec.structs.replace(plan, request=asked), made_catalog.catalog())

    assert caught.value.reference == "bad-requirement"


def test_without_a_hashed_installer_in_the_catalog_there_are_no_steps() -> None:
    catalog = made_catalog.catalog()
    catalog.tools = ()

    with pytest.raises(BadDataError) as caught:
        steps_for(plans.cpu(), catalog)

    assert caught.value.reference == "missing-row"


def driver_step(plan: Plan) -> Step:
    (step,) = [step for step in plan.steps if step.id == "driver"]
    return step


def test_beside_nvswitches_the_fabric_manager_follows_the_driver() -> None:
    plan = host_plans.driver_nvswitch()
    (step,) = (step for step in plan.steps if step.id == "fabric")

    assert [step.id for step in plan.steps][1:3] == ["driver", "fabric"]
    assert step.check == (("fabric_manager_fits", "1af1"),)
    assert step.run == (("fabric_manager_install", "nvidia-fabricmanager-580"),)
    assert driver_step(plan).run[0][1] == "nvidia-driver-580-server-open"


@pytest.mark.parametrize("make", [plans.driver_install, plans.wsl, plans.cpu, plans.torch_keep])
def test_no_other_plan_has_a_fabric_manager(make: Callable[[], Plan]) -> None:
    assert "fabric" not in {step.id for step in make().steps}


def test_the_container_toolkit_alone_makes_no_environment() -> None:
    plan = host_plans.container_toolkit()

    assert [step.id for step in plan.steps] == ["driver", "container_toolkit", "containers"]
    assert plan.steps[1].run[-1] == (
        "container_toolkit_install",
        "1.20.1-1",
        "nvidia-container-toolkit",
        "nvidia-container-toolkit-base",
        "libnvidia-container-tools",
        "libnvidia-container1",
    )


def test_on_wsl2_the_toolkit_is_installed_under_the_driver_of_windows() -> None:
    driver, toolkit, containers = host_plans.container_toolkit_wsl().steps

    assert driver.run == (("driver_stop_wsl", "527.41"),)
    assert driver.needs == ()
    assert "root" in toolkit.needs
    assert "root" in containers.needs


def test_beside_frameworks_the_toolkit_comes_after_the_driver() -> None:
    plan = plans.driver_install()
    request = msgspec.structs.replace(plan.request, host=("nvidia-container-toolkit",))
    ids = [
        step.id for step in plans.with_steps(msgspec.structs.replace(plan, request=request)).steps
    ]

    assert ids[:4] == ["system", "driver", "container_toolkit", "containers"]
    assert ids[-1] == "verification"
