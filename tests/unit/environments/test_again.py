"""The command that makes an environment anew asks for what was asked for."""

from __future__ import annotations

import pytest

from provisioner.environments import again
from provisioner.environments.record import Environment
from provisioner.machine import Gpu, Machine, OperatingSystem
from provisioner.plan import DriverPlan, Plan, Request

CARD = Gpu(name="NVIDIA GeForce RTX 3090", uuid="GPU-1")


def environment(request: Request, *, gpus: tuple[Gpu, ...] | None = None) -> Environment:
    machine = Machine(os=OperatingSystem(id="ubuntu", version="24.04"), gpus=gpus or ())
    plan = Plan(
        machine=machine,
        request=request,
        via="pip",
        python="3.12",
        accelerator="cpu",
        cuda=None,
        cudnn=None,
        driver=DriverPlan(action="none"),
        pins=(),
    )
    uuids = None if gpus is None else tuple(gpu.uuid or "" for gpu in gpus)
    return Environment(
        name="demo",
        path="/envs/demo/1",
        python="3.12",
        plan=plan,
        lock="/envs/demo/1/pylock.toml",
        generation=1,
        verified=True,
        gpus=uuids,
    )


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Request(requirements=("torch",), companions=("numpy<2",)), "torch 'numpy<2'"),
        (Request(requirements=("tensorflow==1.15.*",), python="3.7"), None),
        (
            Request(requirements=("jax",), companions=("flax", "optax"), profiles=("jax",)),
            "jax flax optax",
        ),
        (Request(requirements=("torch",), pre=True, keep_driver=True), "torch --pre --keep-driver"),
    ],
)
def test_words_and_options_return(request_: Request, words: str | None) -> None:
    words = words or "'tensorflow==1.15.*' --python 3.7"

    assert again.command(environment(request_)) == f"dlsetup up demo {words}"


def test_what_is_wanted_besides_is_added_once() -> None:
    made = environment(Request(requirements=("torch",), companions=("ipykernel",)))

    assert again.command(made, "ipykernel") == "dlsetup up demo torch ipykernel"
    assert again.command(made, "einops").endswith("ipykernel einops")


def test_a_machine_that_was_narrowed_is_narrowed_again() -> None:
    request = Request(requirements=("torch",))

    assert again.command(environment(request, gpus=())) == "dlsetup up demo torch --gpu none"
    assert again.command(environment(request, gpus=(CARD,))) == (
        "dlsetup up demo torch --gpu 'NVIDIA GeForce RTX 3090'"
    )
