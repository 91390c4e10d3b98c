"""resolve() against every combination of a small catalog: never a worse answer, never none."""

from __future__ import annotations

import copy
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.catalog.rows import Build
from provisioner.errors import RefusedError
from provisioner.machine import Driver, Gpu, Machine, OperatingSystem
from provisioner.plan import Plan, Request
from provisioner.request import parse_wish
from provisioner.resolve import question_of, resolve
from tests.unit.resolve.asking import EVIDENCE, MadeBuilds, machine
from tests.unit.resolve.exhaustive import OS_PYTHON, OS_RELEASE, answers
from tests.unit.resolve.small_catalogs import Question, question

SHEETS = (
    *("cuda", "architectures", "drivers", "driver_packages", "libraries", "shared_files"),
    *("systems", "pythons", "caps", "references", "contents"),
)


@cache
def _sheets() -> MadeBuilds:
    found = MadeBuilds()
    for sheet in SHEETS:
        getattr(found, sheet)
    return found


def _catalog(asked: Question) -> MadeBuilds:
    """The made builds over sheets that are read once for all tests.

    What is known to fail with TensorFlow 1 and 2 says nothing of what only bears its name.
    """
    found = copy.copy(_sheets())
    found.made = asked.builds
    found.__dict__["conflicts"] = ()
    return found


@cache
def _gpu(name: str) -> Gpu:
    return machine(name).gpus[0]


def _plan(asked: Question) -> Plan | None:
    known = asked.driver not in {None, "none"}
    described = Machine(
        os=OperatingSystem(id="ubuntu", version=OS_RELEASE, libc="glibc 2.35"),
        gpus=tuple(_gpu(name) for name in asked.gpus),
        driver=Driver(version=asked.driver) if known else None,
        sources={"gpus": "option", **({"driver": "option"} if asked.driver else {})},
    )
    request = Request(requirements=asked.words, python=asked.python)
    wishes = tuple(map(parse_wish, asked.words))
    try:
        return resolve(question_of(described, request, wishes, _catalog(asked)))
    except RefusedError:
        return None


def check(asked: Question) -> str:
    """Hold resolve() against every combination; what was found: the action, or ``refused``."""
    plan, found = _plan(asked), answers(asked)
    if plan is None:
        assert found is None, [sorted(item.names) for item in found.best]
        return "refused"
    pins = frozenset(
        (pin.name, pin.version, pin.variant)
        for pin in plan.pins
        if pin.name in {row.framework for row in asked.builds}
    )
    assert found is not None, sorted(pins)
    assert pins in {item.names for item in found.every}, sorted(pins)
    best = {item.names: item for item in found.best}
    assert pins in best, [sorted(pins), *map(sorted, best)]
    assert plan.driver.action == found.action
    pythons = best[pins].pythons
    own = asked.python or OS_PYTHON
    assert plan.python == own or (own not in pythons and plan.python in pythons)
    return found.action


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False))
def test_no_combination_of_a_small_catalog_is_better_than_the_answer(chance: Random) -> None:
    check(question(chance))


@pytest.mark.parametrize("block", range(4))
def test_nor_of_catalogs_made_from_fixed_seeds(block: int) -> None:
    seeds = range(block * 100, (block + 1) * 100)
    kinds = {check(question(Random(seed))) for seed in seeds}  # noqa: S311 - no secrets here
    assert kinds == {"none", "keep", "upgrade", "install", "ensure", "refused"}


def test_a_choice_that_is_taken_back_takes_back_what_was_learned_beside_it() -> None:
    """torchvision 0.2 is rejected beside one jax, and is the answer beside another."""
    old, middle, new = ("3.9", "3.10"), ("3.10", "3.11"), ("3.12", "3.13")
    code: dict[str, Any] = {"cuda": "12.1", "sass": ("sm_86",)}
    rows = (
        _made("tensorflow", "2.0", "cu2", (*middle, *new), **code),
        _made("jax", "4.1", "cu1", new, **code),
        _made("jax", "4.0", "default", middle, **code),
        _made("torchvision", "0.2.0", "cu2", (*middle, "3.12"), requires=("torch>=2.0",)),
        _made("torchvision", "0.1.0", "cu1", (*middle, *new), requires=("torch==3.0",)),
        _made("torchvision", "0.0.0", "cpu", (*middle, *new), requires=("torch==4.0",)),
        _made("torch", "4.0", "cu2", old, **code),
        _made("torch", "3.0", "cu1", (*old, "3.11"), cuda="12.1", sass=("sm_90",)),
        _made("torch", "4.0", "cpu", (*middle, *new)),
    )
    asked = Question(rows, ("tensorflow", "torchvision", "jax"), ("RTX 3090",), "535.54.03", None)

    assert check(asked) == "keep"


def _made(name: str, version: str, variant: str, pythons: tuple[str, ...], **more: Any) -> Build:
    told: dict[str, Any] = {
        "framework": name,
        "version": version,
        "variant": variant,
        "platform": "linux-x86_64",
        "pythons": pythons,
        "index": None if variant == "default" else f"https://download.pytorch.org/whl/{variant}",
        "kind": "announced",
        **EVIDENCE,
        **more,
    }
    return Build(**told)
