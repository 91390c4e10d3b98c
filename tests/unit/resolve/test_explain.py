"""How much is told of what was not taken."""

from __future__ import annotations

import pytest

from provisioner.catalog.load import Catalog
from provisioner.errors import RefusedError
from tests.unit.resolve.asking import STACKS, plan

MOST = 40
"""More refusals than this tell nobody anything."""


def test_a_plan_for_an_old_gpu_tells_the_newest_refusals_only() -> None:
    """torch has more than 40 builds newer than the last one with code for Kepler (facts 06)."""
    made = plan(Catalog(STACKS), "torch", gpus=("K80",), driver="470.256.02")

    assert len(made.refused) == MOST
    assert made.refused[0].candidate == "torch 2.15.0"
    assert all(item.reason for item in made.refused)


def test_a_refusal_is_as_short() -> None:
    with pytest.raises(RefusedError) as caught:
        plan(Catalog(STACKS), "torch>=2.5", gpus=("K80",), driver="470.256.02")

    refused = caught.value.data["refused"]
    assert isinstance(refused, tuple)
    assert len(refused) == MOST
    assert refused[0].candidate == "torch 2.15.0"


def test_few_refusals_are_all_told() -> None:
    made = plan(Catalog(STACKS), "torch", gpus=("RTX 3090",), driver="550.163.01")

    assert 0 < len(made.refused) < MOST
    assert made.refused[0].reference == "driver-too-old"
