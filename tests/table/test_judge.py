"""The judge is judged first: the table agrees with the facts, and a wrong plan is found out."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from packaging.version import Version

from . import answer, rules, tf1
from .answer import Question
from .expectations import OUTCOMES, Case, any_of, cases, mismatches
from .factsheet import capabilities, rows
from .invariants import violations
from .made_plans import right_plan, route_plan
from .wrong_plans import WRONG, driver_with, pin_with, plan_with

TABLE = {case["name"]: case for case in cases()}
TOLD = [
    {"reference": "assumed", "message": "x86_64, ubuntu-24.04 and an unknown driver are assumed"}
]
BY_THE_FACTS = {"no-compatible-stack", "no-common-driver", "driver-too-old"}
DECIDED = [
    name
    for name, case in TABLE.items()
    if ("pins" in case or (case["gpus"] and BY_THE_FACTS & set(any_of(case.get("error", [])))))
    and answer.decided(answer.question(case["args"], case["gpus"]))
]
ROUTES = [
    (name, place) for name, case in TABLE.items() for place in range(len(case.get("accept", [])))
]


def asked_by(case: Case) -> Question:
    return answer.question(case["args"], case["gpus"])


def envelope_of(plan: dict[str, Any]) -> Case:
    return {
        "schema": 1,
        "command": "resolve",
        "status": "ok",
        "data": {"plan": plan},
        "warnings": TOLD,
        "errors": [],
    }


def test_the_table_is_as_large_as_was_asked_and_each_row_is_whole() -> None:
    assert len(TABLE) == len(cases()) >= 70
    for case in cases():
        assert len(OUTCOMES & case.keys()) == 1, case["name"]
        assert case["because"], case["name"]
        assert ("error" in case) == ("exit" in case), case["name"]


def test_the_table_spans_kepler_to_blackwell_and_drivers_390_to_615() -> None:
    gpus = {gpu for case in cases() for gpu in case["gpus"]}
    assert gpus >= {
        "3.0",
        "3.5",
        "3.7",
        "5.0",
        "5.2",
        "6.0",
        "6.1",
        "7.0",
        "7.5",
        "8.0",
        "8.6",
        "8.9",
        "9.0",
        "10.0",
        "10.3",
        "12.0",
        "12.1",
    }
    words = [word for case in cases() for word in case["args"]]
    for branch in (390, 418, 440, 450, 470, 520, 525, 535, 550, 570, 580, 595, 610, 615):
        assert any(word.split(".")[0] == str(branch) for word in words), branch


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["name"])
def test_the_capabilities_written_by_hand_are_those_of_the_gpu_list(case: Case) -> None:
    named = [case["args"][i + 1] for i, word in enumerate(case["args"]) if word == "--gpu"]
    found: list[str] = []
    for name in named if case["gpus"] else []:
        if re.fullmatch(r"sm_\d+|\d+\.\d", name):
            found.append(name if "." in name else f"{name[3:-1]}.{name[-1]}")
            continue
        whole = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
        caps = {r["compute_capability"] for r in rows("09_gpus.csv") if whole.search(r["name"])}
        assert len(caps) == 1, name
        found += caps
    assert found == case["gpus"]


@pytest.mark.parametrize("name", DECIDED)
def test_the_row_is_what_the_rules_find_in_the_facts(name: str) -> None:
    case = TABLE[name]
    asked = asked_by(case)
    best = answer.best(asked)
    if "error" in case:
        assert best.error in any_of(case["error"])
        return
    assert best.error is None
    plan = right_plan(asked, best)
    assert mismatches(case, envelope_of(plan), 0) == []
    assert violations(plan, asked, TOLD) == []


@pytest.mark.parametrize(("name", "place"), ROUTES)
def test_every_accepted_route_passes_the_invariants(name: str, place: int) -> None:
    case = TABLE[name]
    asked = asked_by(case)
    route = case["accept"][place]
    if not name.startswith("tf1"):
        return  # TensorFlow 2 by conda has no rows here; its pip route is decided by the rules
    plan = route_plan(asked, case, route)
    assert mismatches(case, envelope_of(plan), 0) == []
    assert violations(plan, asked, TOLD) == []


@pytest.mark.parametrize(
    "case", [c for c in cases() if c["name"].startswith("tf1")], ids=lambda c: c["name"]
)
def test_tensorflow_1_is_refused_exactly_where_no_build_serves(case: Case) -> None:
    gpus = list(asked_by(case).gpus)
    if "container" not in case["args"]:
        assert tf1.any_route(gpus) == ("error" not in case)


def test_no_machine_code_runs_across_majors_or_backwards_and_tegra_is_apart() -> None:
    codes = capabilities("5.0 6.1 8.6 8.7 9.0")
    assert rules.by_sass(codes, (8, 9)) == (8, 6)
    assert rules.by_sass(codes, (8, 0)) is None
    assert rules.by_sass(codes, (6, 0)) is None
    assert rules.by_sass(codes, (8, 7)) == (8, 7)
    assert rules.by_ptx(codes, (12, 0)) == (9, 0)
    assert rules.by_ptx(codes, (7, 2)) is None


def test_floors_are_those_of_the_release_notes() -> None:
    assert rules.floor("12.6", False) == Version("525.60.13")
    assert rules.floor("12.6", True) == Version("528.33")
    assert rules.floor("13.2", False) == Version("580.65.06")
    assert rules.floor("11.8", False) == Version("450.80.02")
    assert rules.floor("11.0", False) == Version("450.36.06")
    assert rules.floor("10.1", False) == Version("418.39")
    assert rules.jit_floor("12.5", False) == Version("555.42.02")


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_plan_is_found_out(wrong: str) -> None:
    name, change, word = WRONG[wrong]
    case = TABLE[name]
    asked = asked_by(case)
    plan = (
        right_plan(asked, answer.best(asked))
        if "pins" in case
        else route_plan(asked, case, case["accept"][0])
    )
    assert violations(plan, asked, TOLD) == []
    mutated = copy.deepcopy(plan)
    change(mutated)
    found = violations(mutated, asked, TOLD)
    assert any(line.startswith(f"{word}:") for line in found), found


def test_an_assumption_that_nobody_mentions_is_found_out() -> None:
    case = TABLE["everything-assumed"]
    asked = asked_by(case)
    found = violations(right_plan(asked, answer.best(asked)), asked, [])
    assert sum(line.startswith("assumption:") for line in found) == 3


def test_another_answer_than_the_expected_one_is_a_mismatch() -> None:
    case = TABLE["turing-550-keeps-its-driver"]
    asked = asked_by(case)
    plan = right_plan(asked, answer.best(asked))
    for change in (
        pin_with(0, version="2.14.0"),
        pin_with(0, variant="cu130"),
        driver_with(action="upgrade"),
        driver_with(minimum="550"),
        plan_with(python="3.12"),
        plan_with(alternatives=[]),
    ):
        mutated = copy.deepcopy(plan)
        change(mutated)
        assert mismatches(case, envelope_of(mutated), 0), mutated
    assert mismatches(case, envelope_of(plan), 1)


@pytest.mark.parametrize(
    ("version", "cuda", "driver", "word"),
    [
        ("2.13.0", "12.9", "580.95.05", ""),
        ("2.13.0", "12.9", "570.124.06", ""),
        ("2.5.1", "12.6", "525.60.13", "driver-branch"),
        ("2.1.2", "11.2", "580.95.05", "gpu-not-served"),
        ("2.13.0", "13.0", "570.124.06", "driver-too-low"),
        ("2.13.0", "12.8", "580.95.05", "no-fact"),
        ("2.14.0", "12.9", "580.95.05", "no-fact"),
    ],
)
def test_conda_builds_are_judged_like_wheels(
    version: str, cuda: str, driver: str, word: str
) -> None:
    args = ["torch", "--gpu", "RTX 5090", "--driver", driver, "--via", "conda"]
    asked = answer.question(args, ["12.0"])
    route = {"via": "conda", "pins": [f"torch {version}"], "python": "3.12"}
    if version in {"2.1.2", "2.5.1"}:
        route["python"] = "3.11"
    plan = route_plan(asked, {"action": "keep"}, route)
    serve = {"gpu": "GPU 12.0", "by": "sm_120", "kind": "sass"}
    if version in {"2.1.2", "2.5.1"}:
        by = "compute_86" if version == "2.1.2" else "compute_90"
        serve = {"gpu": "GPU 12.0", "by": by, "kind": "ptx"}
    plan["pins"][0].update(variant="conda-forge", cuda=cuda, serves=[serve])
    found = violations(plan, asked, TOLD)
    assert [line for line in found if line.startswith(f"{word}:")] if word else found == []
