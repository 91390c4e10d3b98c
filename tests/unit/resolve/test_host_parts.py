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
    ("gpu", "os", "told"),
    [
        ("none", "ubuntu-24.04", "This plan uses no NVIDIA GPU"),
        ("RTX 3090", "fedora-42", "knows no packages of the NVIDIA Container Toolkit for"),
    ],
)
def test_where_it_would_be_in_vain_it_is_refused(gpu: str, os: str, told: str) -> None:
    with pytest.raises(RefusedError) as caught:
        plan_for(asked(TOOLKIT, gpu=gpu, os=os))

    assert caught.value.reference == "container-toolkit-unavailable"
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("gpu", "os", "warned"),
    [
        ("A100-SXM4-80GB", "ubuntu-24.04", False),
        ("A100-SXM4-80GB", "debian-12", True),
        ("A100 PCIe 40GB", "debian-12", False),
        ("B200", "ubuntu-24.04", True),
    ],
)
def test_what_an_nvswitch_takes_and_the_plan_does_not_bring_is_said(
    gpu: str, os: str, warned: bool
) -> None:
    plan = plan_for(asked("torch", gpu=gpu, os=os))

    assert ("fabric-manager-needed" in {one.reference for one in plan.warnings}) == warned
    assert ("fabric" in {step.id for step in plan.steps}) == (not warned and "SXM" in gpu)


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
