"""The order of preference within one version (contract §2), on builds made for the question."""

from __future__ import annotations

from typing import Any, cast

import pytest

from provisioner.catalog.rows import Build
from provisioner.errors import RefusedError
from provisioner.plan import Refused
from tests.unit.resolve.asking import EVIDENCE, MadeBuilds, plan

INDEX = "https://download.pytorch.org/whl"


def made(variant: str, **changed: Any) -> Build:
    return Build(
        **{
            "framework": "torch",
            "version": "9.0.0",
            "variant": variant,
            "platform": "linux-x86_64",
            "pythons": ("3.10",),
            "cuda": "12.6",
            "sass": ("sm_86",),
            "kind": "measured",
            "index": f"{INDEX}/{variant}",
            **EVIDENCE,
            **changed,
        }
    )


def chosen(*builds: Build, gpus: tuple[str, ...] = ("RTX 3090",)) -> str:
    """The variant that is taken, whichever way round the rows stand."""
    found = {
        plan(MadeBuilds(*rows), "torch", gpus=gpus).pins[0].variant
        for rows in (
            builds,
            builds[::-1],
        )
    }
    (variant,) = found
    return variant


def test_a_newer_version_goes_before_everything_else() -> None:
    older = made("cu126")
    newer = made("cu128", version="9.0.1", kind="announced", sass=(), ptx=("compute_80",))

    assert chosen(older, newer) == "cu128"


def test_measured_goes_before_announced_even_where_that_costs_ptx() -> None:
    measured = made("cu126", sass=(), ptx=("compute_80",))
    announced = made("cu128", kind="announced")

    assert chosen(measured, announced) == "cu126"


def test_machine_code_goes_before_ptx_where_both_are_measured() -> None:
    compiled = made("cu128", cuda="12.8", sass=(), ptx=("compute_80",))
    native = made("cu126")

    assert chosen(compiled, native) == "cu126"


def test_one_gpu_by_ptx_is_enough_to_stand_behind() -> None:
    mixed = made("cu128", cuda="12.8", sass=("sm_86",), ptx=("compute_86",))
    native = made("cu126", sass=("sm_86", "sm_90"))

    assert chosen(mixed, native, gpus=("RTX 3090", "H100")) == "cu126"


def test_a_build_that_asks_no_more_of_the_driver_than_its_cuda_goes_first() -> None:
    asking = made("cu128", cuda="12.8", driver_floor="570")
    modest = made("cu126")

    assert chosen(asking, modest) == "cu126"


def test_the_newest_cuda_goes_first_among_equals() -> None:
    assert chosen(made("cu126"), made("cu128", cuda="12.8")) == "cu128"


def test_without_a_gpu_the_build_without_cuda_goes_first_even_if_only_announced() -> None:
    bare = made("cpu", cuda=None, sass=(), kind="announced")

    assert chosen(made("cu126"), bare, gpus=()) == "cpu"


@pytest.mark.parametrize("accelerator", ["rocm", "xpu"])
@pytest.mark.parametrize("gpus", [(), ("RTX 3090",)], ids=["cpu", "nvidia"])
def test_a_build_for_other_makers_gpus_is_never_chosen(
    accelerator: str, gpus: tuple[str, ...]
) -> None:
    other = made(accelerator, version="9.9.0", accelerator=accelerator, cuda=None, sass=())

    assert chosen(made("cu126"), other, gpus=gpus) == "cu126"


def test_a_build_for_apples_gpus_runs_on_the_cpu_as_well() -> None:
    apple = made("default", accelerator="mps", cuda=None, sass=(), index=None)

    assert chosen(made("cu126"), apple, gpus=()) == "default"


def test_a_build_whose_architectures_nobody_read_is_refused_for_a_gpu() -> None:
    unread = made("cu128", version="9.9.0", cuda="12.8", sass=())

    assert chosen(made("cu126"), unread) == "cu126"
    with pytest.raises(RefusedError) as caught:
        plan(MadeBuilds(unread), "torch", gpus=("RTX 3090",))
    refused = cast("tuple[Refused, ...]", caught.value.data["refused"])
    assert [row.reference for row in refused] == ["unknown-architectures"]
