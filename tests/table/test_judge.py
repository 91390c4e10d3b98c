"""The judge is judged first: the table agrees with the facts, and a wrong plan is found out."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest
from packaging.version import Version

from . import answer, rules, tf1
from .answer import Question
from .expectations import OUTCOMES, Case, any_of, cases, mismatches
from .factsheet import capabilities, rows
from .invariants import violations
from .made_plans import right_plan, route_plan

TABLE = {case["name"]: case for case in cases()}
TOLD = [{"reference": "assumed", "message": "x86_64, ubuntu-24.04 and an unknown driver are assumed"}]
DECIDED = [
    name for name, case in TABLE.items()
    if ("pins" in case or case.get("error") in ("no-compatible-stack", "no-common-driver"))
    and case["gpus"] != ["2.0"] and answer.decided(answer.question(case["args"], case["gpus"]))
]
ROUTES = [(name, place) for name, case in TABLE.items() for place in range(len(case.get("accept", [])))]


def asked_by(case: Case) -> Question:
    return answer.question(case["args"], case["gpus"])


def envelope_of(plan: dict[str, Any]) -> Case:
    return {
        "schema": 1, "command": "resolve", "status": "ok", "data": {"plan": plan}, "warnings": TOLD,
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
    assert gpus >= {"3.0", "3.5", "3.7", "5.0", "5.2", "6.0", "6.1", "7.0", "7.5", "8.0", "8.6", "8.9",
                    "9.0", "10.0", "10.3", "12.0", "12.1"}
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


@pytest.mark.parametrize("case", [c for c in cases() if c["name"].startswith("tf1")], ids=lambda c: c["name"])
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


Change = Callable[[dict[str, Any]], None]


def _torch(**values: Any) -> Change:
    return lambda plan: plan["pins"][0].update(values)


def _top(**values: Any) -> Change:
    return lambda plan: plan.update(values)


def _drive(**values: Any) -> Change:
    return lambda plan: plan["driver"].update(values)


def _pin(place: int, **values: Any) -> Change:
    return lambda plan: plan["pins"][place].update(values)


WRONG: dict[str, tuple[str, Change, str]] = {
    "a variant for another CUDA": (
        "turing-550-keeps-its-driver",
        _torch(variant="cu132", cuda="13.2", index="https://download.pytorch.org/whl/cu132"), "driver-too-low"),
    "a variant that was never announced": ("turing-550-keeps-its-driver", _torch(variant="cu117"), "no-fact"),
    "another index than the variant's": (
        "turing-550-keeps-its-driver", _torch(index="https://download.pytorch.org/whl/cu118"), "index"),
    "no index for a variant": ("turing-550-keeps-its-driver", _torch(index=None), "index"),
    "a CUDA that the build does not have": ("turing-550-keeps-its-driver", _torch(cuda="12.8"), "no-fact"),
    "an announced build called measured": ("turing-550-keeps-its-driver", _torch(evidence="measured"), "no-fact"),
    "an older version than the best": ("turing-550-keeps-its-driver", _torch(version="2.14.0"), "not-best"),
    "a version that is not in the facts": ("turing-550-keeps-its-driver", _torch(version="2.14.7"), "no-fact"),
    "a GPU that is not served": (
        "volta-580-is-its-last-branch",
        _torch(version="2.15.0", variant="default", index=None, cuda="13.2"), "gpu-not-served"),
    "a cuDNN that dropped the GPU": (
        "kepler-470", _torch(version="2.4.1"), "gpu-not-served"),
    "PTX newer than the driver": (
        "tensorflow-hopper-on-550-by-ptx-90-of-12.3", _torch(version="2.21.0"), "driver-too-low"),
    "a TensorFlow whose cuDNN floats": (
        "tensorflow-pascal-needs-an-old-cudnn", lambda plan: plan["pins"].pop(), "cudnn"),
    "a cuDNN too new for the GPU": (
        "tensorflow-pascal-needs-an-old-cudnn", _pin(1, version="9.11.0.98"), "cudnn"),
    "a cuDNN that torch does not want": ("both-on-ampere-550", _pin(2, version="9.27.0.42"), "cudnn"),
    "a minimum below the floor": ("ampere-driver-unknown", _drive(minimum="550.54.14"), "driver-too-low"),
    "a branch that does not drive the GPU": ("volta-driver-unknown", _drive(branch="595"), "driver-branch"),
    "a package that only redirects": ("pascal-no-driver-on-jammy", _drive(branch="535"), "driver-branch"),
    "open modules for Pascal": ("pascal-no-driver-on-jammy", _drive(flavour="open"), "driver-flavour"),
    "proprietary modules for Blackwell": ("blackwell-no-driver", _drive(flavour="proprietary"), "driver-flavour"),
    "a driver installed from WSL": (
        "wsl-driver-unknown", _drive(action="upgrade", branch="580"), "driver-branch"),
    "no driver step on a GPU machine": ("ampere-driver-unknown", _drive(action="none"), "driver-branch"),
    "a CPU plan for a GPU": ("ampere-driver-unknown", _top(accelerator="cpu"), "silent-cpu"),
    "the CPU build for a GPU": (
        "ampere-driver-unknown",
        _torch(version="2.15.0", variant="cpu", cuda=None, evidence="announced",
               index="https://download.pytorch.org/whl/cpu"), "gpu-not-served"),
    "a Python without a wheel": ("turing-580-on-jammy-needs-another-python", _top(python="3.10"), "python"),
    "another Python than the system's": ("turing-550-keeps-its-driver", _top(python="3.13"), "python"),
    "vision that is no pair": ("torch-and-vision-on-blackwell-570", _pin(1, version="0.25.0"), "pairing"),
    "vision of another variant": ("torch-and-vision-on-550", _pin(1, variant="default", index=None), "pairing"),
    "pins in another order": ("both-in-the-other-order", lambda p: p["pins"].insert(0, p["pins"].pop(1)), "pairing"),
    "a version outside the request": ("2.7-serves-blackwell-by-cu128", _torch(version="2.9.1"), "request"),
    "code that the build does not have": (
        "ada-535", _torch(serves=[{"gpu": "x", "by": "sm_89", "kind": "sass"}]), "serves"),
    "code that does not run there": (
        "ada-535", _torch(serves=[{"gpu": "x", "by": "sm_90", "kind": "sass"}]), "serves"),
    "a missing key": ("ada-535", lambda plan: plan.pop("alternatives"), "keys"),
    "another machine": ("ada-535", _top(machine={"gpus": []}), "machine"),
    "TensorFlow 1 of CUDA 10 for Ampere": (
        "tf1-ampere", _torch(name="tensorflow-gpu", version="1.15.5"), "gpu-not-served"),
    "TensorFlow 1 with a Python that it never had": ("tf1-pascal", _top(python="3.8"), "python"),
    "the TensorFlow 1 wheel that has no GPU code": (
        "tf1-pascal", _torch(name="tensorflow", version="1.15.5"), "gpu-not-served"),
    "a TensorFlow 1 month too new for the driver": (
        "tf1-ampere-on-470", _torch(version="1.15.5+nv23.03"), "driver-too-low"),
    "a TensorFlow 1 month that never was": ("tf1-ampere", _torch(version="1.15.5+nv23.09"), "no-fact"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_plan_is_found_out(wrong: str) -> None:
    name, change, word = WRONG[wrong]
    case = TABLE[name]
    asked = asked_by(case)
    plan = right_plan(asked, answer.best(asked)) if "pins" in case else route_plan(asked, case, case["accept"][0])
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
    for change in (_torch(version="2.14.0"), _torch(variant="cu130"), _drive(action="upgrade"),
                   _drive(minimum="550"), _top(python="3.12"), _top(alternatives=[])):
        mutated = copy.deepcopy(plan)
        change(mutated)
        assert mismatches(case, envelope_of(mutated), 0), mutated
    assert mismatches(case, envelope_of(plan), 1)
