"""``--why-not`` names the fact that decides: judged by the tables, in at most six lines."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from provisioner.cli.main import main

from .checker import Case, objections

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
REFUSED = 40
"""How many refused requests issue 4 asks for."""


def cases() -> list[Case]:
    return list(tomllib.loads((HERE / "cases.toml").read_text(encoding="utf-8"))["case"])


def answer(case: Case, folder: Path) -> tuple[dict[str, Any], str, int]:
    """The answer for programs and the text for people, and the exit code of both."""
    words = [_saved(word, folder) for word in case["args"]]
    asked = ["resolve", *words, "--why-not", case["why"]]
    plain, told = CliRunner().invoke(main, asked), CliRunner().invoke(main, [*asked, "--json"])
    assert plain.exit_code == told.exit_code
    return json.loads(told.stdout)["data"]["why_not"], plain.stdout, plain.exit_code


MADE = {
    "{unknown_driver}": ("ubuntu22.04-rtx2070super-550", "550.163.01", "999.10.01"),
    "{old_glibc}": ("centos7-gtx1080ti-440", "440.33.01", "580.95.05"),
}
"""Machines with another driver: of a branch that nobody has heard of; one that is new enough."""


def _saved(word: str, folder: Path) -> str:
    """The file of a saved machine where a word of the command line names one."""
    if word not in MADE:
        return str(ROOT / word) if word.startswith("tests/") else word
    name, old, new = MADE[word]
    text = (ROOT / "tests/machines" / name / "machine.json").read_text(encoding="utf-8")
    path = folder / "machine.json"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["name"])
def test_the_fact_that_decides_is_named_with_its_numbers(case: Case, tmp_path: Path) -> None:
    why_not, text, code = answer(case, tmp_path)

    assert objections(case, why_not, text) == [], text
    assert code == case.get("exit", 0)


def test_there_are_as_many_refused_requests_as_asked_for() -> None:
    told = {"an-older-release-would-do", "a-package-that-is-not-chosen-here"}
    assert len([case for case in cases() if case["name"] not in told]) >= REFUSED


@pytest.mark.parametrize(
    "name", ["turing-550-and-cuda-13", "volta-and-the-release-that-dropped-it"]
)
def test_programs_get_the_facts_beside_the_plan(name: str, tmp_path: Path) -> None:
    why_not, _, _ = answer(next(case for case in cases() if case["name"] == name), tmp_path)

    assert set(why_not) == {"requirement", "answer", "facts", "refused", "change"}
    assert [item["kind"] for item in why_not["facts"]] == ["wish", "row", "machine"]
    assert all(set(item) == {"kind", "text", "source"} for item in why_not["facts"])
    assert all(item["source"] for item in why_not["facts"])
    assert set(why_not["change"]) == {"change", "gives"}
    assert why_not["refused"][0]["candidate"] == "torch 2.15.0"


def test_a_refusal_stays_one_when_it_is_asked_why() -> None:
    asked = ["resolve", "torch==2.15.0", "--gpu", "V100", "--why-not", "torch", "--json"]
    result = CliRunner().invoke(main, asked)
    envelope = json.loads(result.stdout)

    assert result.exit_code == 1
    assert envelope["status"] == "error"
    assert [error["reference"] for error in envelope["errors"]] == ["no-compatible-stack"]
    assert set(envelope["data"]) == {"machine", "request", "refused", "alternatives", "why_not"}


def test_every_change_that_is_offered_gives_what_it_says() -> None:
    """What stands after ``With:`` is typed, and the plan holds it."""
    machine = ["--gpu", "Tesla V100", "--os", "ubuntu-20.04", "--arch", "x86_64"]
    asked = ["torch==2.14.1", "--driver", "450.119.03", "--keep-driver", "--python", "3.9"]
    told = CliRunner().invoke(main, ["resolve", *asked, *machine, "--json"])
    ways = json.loads(told.stdout)["data"]["alternatives"]
    typed = {
        "upgrade the driver to 525.60.13 or later and use Python 3.13": [
            *("torch==2.14.1", "--driver", "525.60.13", "--python", "3.13"),
        ],
        "leave the version of torch open": [*asked[1:], "torch"],
        "compute on the CPU (--gpu none)": [],
    }

    assert [way["change"] for way in ways if way["change"] not in typed] == []
    for way in ways:
        if words := typed[way["change"]]:
            plan = CliRunner().invoke(main, ["resolve", *words, *machine, "--json"])
            (pin,) = json.loads(plan.stdout)["data"]["plan"]["pins"]
            assert way["gives"] == f"torch {pin['version']}, CUDA {pin['cuda']}"


Change = Callable[[dict[str, Any]], None]


def fact(kind: str, **changes: tuple[str, str]) -> Change:
    def change(why_not: dict[str, Any]) -> None:
        for item in why_not["facts"]:
            if item["kind"] == kind:
                for key, (old, new) in changes.items():
                    assert old in item[key]
                    item[key] = item[key].replace(old, new)

    return change


def without(kind: str) -> Change:
    def change(why_not: dict[str, Any]) -> None:
        why_not["facts"] = [item for item in why_not["facts"] if item["kind"] != kind]

    return change


def another(text: str) -> Change:
    def change(why_not: dict[str, Any]) -> None:
        why_not["facts"].append({"kind": "machine", "text": text, "source": "option"})

    return change


@pytest.mark.parametrize(
    ("name", "change"),
    [
        pytest.param(
            "turing-550-and-cuda-13", fact("row", text=("580.65.06", "570.26")), id="floor"
        ),
        pytest.param("turing-550-and-cuda-13", fact("row", text=("13.2", "12.6")), id="cuda"),
        pytest.param(
            "turing-550-and-cuda-13",
            fact("machine", text=("550.163.01", "535.183.01")),
            id="driver",
        ),
        pytest.param(
            "turing-550-and-cuda-13", fact("machine", source=("option", "nvml")), id="source"
        ),
        pytest.param("turing-550-and-cuda-13", without("row"), id="no-row"),
        pytest.param("turing-550-and-cuda-13", without("machine"), id="no-machine"),
        pytest.param(
            "turing-550-and-cuda-13",
            another("NVIDIA GeForce RTX 2070 SUPER (7.5)"),
            id="not-smallest",
        ),
        pytest.param(
            "volta-450-wants-the-variant-that-has-its-code",
            fact("row", text=("cu126", "cu130")),
            id="variant",
        ),
        pytest.param(
            "volta-and-the-release-that-dropped-it", fact("row", text=("sm_75", "sm_70")), id="code"
        ),
        pytest.param(
            "the-driver-is-too-old-too-but-does-not-decide",
            fact("machine", text=("Tesla V100 (7.0)", "driver 418.226.00")),
            id="does-not-decide",
        ),
        pytest.param(
            "a-python-that-the-release-left", fact("row", text=("3.11 ", "3.9 3.11 ")), id="python"
        ),
        pytest.param("centos-7-has-an-old-glibc", fact("row", text=("2.27", "2.35")), id="glibc"),
    ],
)
def test_the_checker_objects_to_a_wrong_fact(name: str, change: Change, tmp_path: Path) -> None:
    case = next(case for case in cases() if case["name"] == name)
    why_not, text, _ = answer(case, tmp_path)
    wrong = copy.deepcopy(why_not)
    change(wrong)

    assert objections(case, why_not, text) == []
    assert objections(case, wrong, text) != []
    assert objections(case, why_not, text + "one more line\n" * 6) != []
