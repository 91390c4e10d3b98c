"""GPUs that must be seen against those that CUDA shows, and the formats that each is tried in."""

from __future__ import annotations

import json

import pytest

from provisioner.machine import Gpu
from provisioner.report import Check
from provisioner.verify.devices import LISTING, devices, formats, gpus_check
from provisioner.verify.probes import Seen
from tests.table.factsheet import rows

PRECISIONS = rows("18_precisions.csv")
TENSOR = ("fp64", "tf32", "bf16", "fp16", "fp8", "fp6", "fp4", "int8", "int4")


def shown(*uuids: str) -> Seen:
    listed = [{"name": "RTX", "uuid": uuid, "compute_capability": "8.6"} for uuid in uuids]
    return Seen(LISTING, json.dumps(listed) + "\n")


def gpu(uuid: str | None, *, mig: bool | None = None) -> Gpu:
    return Gpu(name=f"card {uuid or '?'}", uuid=f"GPU-{uuid}" if uuid else None, mig=mig)


@pytest.mark.parametrize(
    ("seen", "wanted", "lacking"),
    [
        (shown("a", "b"), (gpu("A"), gpu("b")), None),
        (shown("a"), (gpu("a"), gpu("b")), "card b"),
        (shown("c", "d"), (gpu("a"), gpu("b")), "card a, card b"),
        (shown("x"), (gpu(None), gpu(None)), "card ?"),
        (shown("x", "y"), (gpu(None), gpu(None)), None),
        (shown("slice"), (gpu("a", mig=True),), None),
        (shown("slice", "b"), (gpu("a", mig=True), gpu("b")), None),
        (shown("b"), (gpu("a", mig=True), gpu("b")), "any slice of card a"),
        (shown("slice"), (gpu("a", mig=True), gpu("b")), "card b"),
        (shown(), (gpu("a", mig=True),), "any slice of card a"),
    ],
)
def test_a_gpu_that_cuda_does_not_show_is_named(
    seen: Seen, wanted: tuple[Gpu, ...], lacking: str | None
) -> None:
    check = gpus_check(seen, wanted, 0)

    if lacking is None:
        assert check.result == "pass"
    else:
        assert check == Check("gpus cuda", "fail", f"CUDA does not show {lacking}")


def test_what_does_not_answer_shows_nothing() -> None:
    broken = Seen(LISTING, "", "it was ended by signal 11 (SIGSEGV)")

    assert devices(broken) == ()
    assert gpus_check(broken, (), 0).detail == "it was ended by signal 11 (SIGSEGV)"


@pytest.mark.parametrize("row", PRECISIONS, ids=lambda row: row["cc"])
def test_a_gpu_is_tried_in_what_the_facts_say_that_it_multiplies(row: dict[str, str]) -> None:
    found = formats(row["cc"]) or ()
    multiplied = {form for form in TENSOR if row[f"tc_{form}"] == "yes"}

    assert multiplied <= set(found)
    for form in ("tf32", "bf16", "fp8", "fp6", "fp4", "int4"):
        if row[f"tc_{form}"] == "no":
            assert form not in found
    assert not found or "fp32" in found


@pytest.mark.parametrize("capability", ["8.8", "3.0", "99.9"])
def test_what_nobody_knows_is_not_guessed(capability: str) -> None:
    assert formats(capability) is None


def test_fp16_is_not_asked_of_what_has_no_arithmetic_in_it() -> None:
    """As the throughput table of NVIDIA's guide says of Kepler and most of Maxwell."""
    for capability in ("3.5", "3.7", "5.0", "5.2"):
        assert formats(capability) == ("fp64", "fp32")
