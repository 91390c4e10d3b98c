"""The program answers the table: the expected answer, and every invariant for every plan."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from . import answer
from .expectations import Case, cases, mismatches
from .invariants import violations

Resolve = Callable[[list[str]], tuple[dict[str, Any], int]]


@pytest.fixture(scope="module")
def resolve() -> Resolve:
    """``dlsetup resolve … --json`` in this process: the one object it prints, and its exit code."""
    from click.testing import CliRunner

    from provisioner.cli.main import main

    printed: dict[tuple[str, ...], tuple[str, int]] = {}

    def run(args: list[str]) -> tuple[dict[str, Any], int]:
        key = tuple(args)
        if key not in printed:
            result = CliRunner().invoke(main, ["resolve", *args, "--json"])
            printed[key] = (result.stdout, result.exit_code)
        out, code = printed[key]
        return json.loads(out), code  # a second object or a stray line is no JSON

    return run


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["name"])
def test_the_answer_is_the_one_in_the_table(case: Case, resolve: Resolve) -> None:
    envelope, code = resolve(case["args"])
    assert mismatches(case, envelope, code) == []


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["name"])
def test_every_plan_keeps_the_invariants(case: Case, resolve: Resolve) -> None:
    envelope, code = resolve(case["args"])
    assert (code == 0) == (envelope["status"] == "ok")
    plan = envelope["data"].get("plan")
    if plan is None or case.get("only") or case.get("never_silent_cpu"):
        return
    asked = answer.question(case["args"], case["gpus"])
    warnings = envelope["warnings"] + plan.get("warnings", [])
    assert violations(plan, asked, warnings) == []


def test_the_extra_that_brings_cuda_is_asked_for(resolve: Resolve) -> None:
    envelope, _ = resolve(["tensorflow", "--gpu", "RTX 4090", "--os", "ubuntu-22.04"])
    pin = envelope["data"]["plan"]["pins"][0]
    assert pin["requirement"] == "tensorflow[and-cuda]==2.21.0"
