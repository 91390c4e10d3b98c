"""How much is told of what was not taken."""

from __future__ import annotations

import msgspec
import pytest

from provisioner.catalog.load import Catalog
from provisioner.errors import RefusedError
from provisioner.machine import OperatingSystem
from provisioner.plan import Request
from provisioner.request import parse_wish
from provisioner.resolve import question_of, resolve
from tests.unit.resolve.asking import STACKS, machine, plan

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


@pytest.mark.parametrize("driver", ["470.256.02", "535.183.01"])
def test_what_a_system_offers_is_told_up_to_its_newest_driver(driver: str) -> None:
    """focal has nvidia-driver-570 570.133.07 (facts 03); what dlsetup prefers is another matter."""
    catalog, words = Catalog(STACKS), ("torch", "cuda==13.2")
    focal = OperatingSystem(id="ubuntu", version="20.04", libc="glibc 2.31")
    here = msgspec.structs.replace(machine("RTX 4090", driver=driver), os=focal)
    wishes = tuple(parse_wish(word) for word in words)
    with pytest.raises(RefusedError) as caught:
        resolve(question_of(here, Request(requirements=words), wishes, catalog))

    assert "ubuntu-20.04 offers up to 570.133.07" in "\n".join(caught.value.context)
