from __future__ import annotations

import pytest

from provisioner.describe import Options
from provisioner.errors import RefusedError, UsageError
from provisioner.locking import locked
from provisioner.render import FORMATS, render
from provisioner.request import host_parts
from provisioner.workflow import Asked, catalog, plan_for

TOOLKIT = "nvidia-container-toolkit"


def asked(*words: str, gpu: str = "RTX 3090", os: str = "ubuntu-24.04") -> Asked:
    return Asked(words=words, options=Options(gpus=(gpu,), os=os))


def test_words_for_the_machine_itself_are_told_from_packages() -> None:
    assert host_parts(["torch", "NVIDIA_Container.Toolkit", "einops"]) == (
        (TOOLKIT,),
        ("torch", "einops"),
    )


@pytest.mark.parametrize("word", [f"{TOOLKIT}>=1.20", f"{TOOLKIT}[x]", f"{TOOLKIT} @ https://a/b"])
def test_of_the_toolkit_no_range_can_be_asked(word: str) -> None:
    with pytest.raises(UsageError) as caught:
        host_parts([word])

    assert caught.value.reference == "bad-requirement"


def test_the_toolkit_alone_is_a_plan_for_the_machine() -> None:
    plan = plan_for(asked(TOOLKIT))

    assert plan.is_for_host
    assert plan.accelerator == "cuda"
    assert (plan.driver.package, plan.pins) == ("nvidia-driver-580-open", ())
    assert [step.id for step in plan.steps] == ["driver", "container_toolkit", "containers"]


def test_beside_a_framework_the_toolkit_changes_nothing_of_what_is_pinned() -> None:
    alone, beside = plan_for(asked("torch")), plan_for(asked("torch", TOOLKIT))

    assert beside.pins == alone.pins
    assert beside.driver == alone.driver
    assert not beside.is_for_host
    assert {"container_toolkit", "containers"} <= {step.id for step in beside.steps}


@pytest.mark.parametrize(
    ("gpu", "os", "told", "hint"),
    [
        ("none", "ubuntu-24.04", "This plan uses no NVIDIA GPU", "Name the GPU with --gpu"),
        (
            "RTX 3090",
            "windows-11",
            "knows no packages of the NVIDIA Container Toolkit for",
            "Leave out",
        ),
    ],
)
def test_where_it_would_be_in_vain_it_is_refused(gpu: str, os: str, told: str, hint: str) -> None:
    with pytest.raises(RefusedError) as caught:
        plan_for(asked(TOOLKIT, gpu=gpu, os=os))

    assert caught.value.reference == "container-toolkit-unavailable"
    assert told in str(caught.value)
    assert (caught.value.hint or "").startswith(hint)


@pytest.mark.parametrize(
    ("gpu", "os", "told", "managed"),
    [
        ("A100-SXM4-80GB", "ubuntu-24.04", None, True),
        ("A100-SXM4-80GB", "debian-12", "fabric-manager-needed", False),
        ("A100 PCIe 40GB", "debian-12", None, False),
        ("H100 PCIe", "ubuntu-24.04", None, False),
        ("H200 NVL", "ubuntu-24.04", None, False),
        ("B200", "ubuntu-24.04", "fabric-manager-needed", False),
        ("B300", "ubuntu-24.04", "fabric-manager-needed", False),
        ("H100", "ubuntu-24.04", "board-not-told", True),
        ("H100", "debian-12", "fabric-manager-needed", False),
        ("A100", "ubuntu-24.04", "board-not-told", True),
        ("A100 40GB", "ubuntu-24.04", "board-not-told", True),
        ("A100 80GB", "rocky-9", "fabric-manager-needed", False),
        ("sm_90", "ubuntu-24.04", "board-not-told", True),
        ("RTX 4090", "ubuntu-24.04", None, False),
    ],
)
def test_what_an_nvswitch_takes_is_done_or_said_once(
    gpu: str, os: str, told: str | None, managed: bool
) -> None:
    plan = plan_for(asked("torch", gpu=gpu, os=os))
    about = {"fabric-manager-needed", "board-not-told"}

    said = [one.reference for one in plan.warnings if one.reference in about]
    assert said == ([told] if told else [])
    assert ("fabric" in {step.id for step in plan.steps}) == managed


def test_a_note_on_nvswitches_names_the_gpu_and_what_it_takes() -> None:
    (note,) = (
        one.message
        for one in plan_for(asked("torch", gpu="B200", os="debian-12")).warnings
        if one.reference == "fabric-manager-needed"
    )

    assert note == (
        "On a board with NVSwitches (HGX), B200 starts CUDA only under a fabric manager of the "
        "driver's very version and nvlsm, which this plan does not install. NVIDIA's repository "
        "has packages whose names begin with nvidia-fabricmanager and nvlsm."
    )


@pytest.mark.parametrize(
    ("os", "arch", "why"),
    [
        ("rocky-10", None, "the catalog has no key to trust NVIDIA's repository rhel10 by"),
        ("fedora-43", None, "NVIDIA's guide names no repository for it"),
        ("ubuntu-20.04", None, "its packages are of other branches"),
        (
            "rocky-9",
            "aarch64",
            "those of NVIDIA's repository are not for aarch64",
        ),
    ],
)
def test_where_no_package_of_the_driver_is_known_the_plan_and_the_script_say_what_to_do(
    os: str, arch: str | None, why: str
) -> None:
    options = Options(gpus=("RTX 4090",), os=os, arch=arch)
    plan = plan_for(Asked(words=("torch==2.15.0",), options=options))
    (note,) = (one.message for one in plan.warnings if one.reference == "no-driver-package")
    (step,) = (step for step in plan.steps if step.id == "driver")
    (script, *_) = render((plan,), "script", catalog())

    assert f": {why}. Install driver 580.65.06 or later as NVIDIA's driver" in note
    assert step.run == (("driver_by_hand", "580.65.06"),)
    assert "install it as NVIDIA's driver installation guide says" in script.text
    assert "then reboot, and run this script again: it goes on" in script.text
    assert "render a script for this machine" not in script.text


def test_what_a_system_offers_is_said_by_its_newest_driver() -> None:
    """The newest of Ubuntu 20.04 for this GPU, which is not the longest-lived: facts 03."""
    options = Options(gpus=("RTX 4090",), os="ubuntu-20.04", driver="470")
    with pytest.raises(RefusedError) as caught:
        plan_for(Asked(words=("torch==2.15.0",), options=options))

    assert "ubuntu-20.04 offers up to 570.133.07" in "\n".join(caught.value.context)


def test_texts_that_make_images_say_how_their_machine_gets_ready() -> None:
    (image, *_) = render((plan_for(asked("torch")),), "dockerfile", catalog())

    assert f"dlsetup render script {TOOLKIT}" in image.text


@pytest.mark.parametrize("name", [row.name for row in FORMATS.values() if not row.installs])
def test_only_what_runs_the_script_can_do_something_to_the_machine_itself(name: str) -> None:
    with pytest.raises(RefusedError) as caught:
        render((plan_for(asked(TOOLKIT)),), name, catalog())

    assert caught.value.reference == "format-cannot-carry"
    assert caught.value.hint == "Formats that can: script, cloud-init."


def test_there_is_nothing_of_the_toolkit_alone_to_lock() -> None:
    with pytest.raises(UsageError) as caught:
        locked(asked(TOOLKIT))

    assert caught.value.reference == "nothing-asked"
