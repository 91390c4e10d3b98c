"""Verbs without requirements ask what the project's file asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from provisioner.cli.main import main

FILE = """\
requirements = ["torch==2.15.*"]
python = "3.12"

[machines.laptop]
gpu = ["RTX 3060 Laptop"]
driver = "580"
os = "ubuntu-24.04"
arch = "x86_64"

[machines.saved]
file = "saved.json"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "dlsetup.toml"
    path.write_text(FILE)
    below = tmp_path / "src"
    below.mkdir()
    monkeypatch.chdir(below)
    return path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def plan(*words: str) -> dict[str, Any]:
    result = run("resolve", *words, "--json")
    assert result.exit_code == 0, result.stdout
    made: dict[str, Any] = json.loads(result.stdout)["data"]["plan"]
    return made


def described(made: dict[str, Any]) -> tuple[list[str], str | None, str]:
    machine = made["machine"]
    driver = machine["driver"]["version"] if machine["driver"] else None
    return [gpu["name"] for gpu in machine["gpus"]], driver, machine["os"]["version"]


def test_the_request_comes_from_the_file_and_a_line_says_so(project: Path) -> None:
    result = run("resolve", "--class", "laptop")

    assert result.exit_code == 0, result.stderr
    assert result.stderr == f"reading {project}\n"
    made = plan("--class", "laptop")
    assert made["request"]["requirements"] == ["torch==2.15.*"]
    assert made["python"] == "3.12"


@pytest.mark.usefixtures("project")
def test_a_class_is_the_machine_that_the_options_would_describe() -> None:
    options = ("--gpu", "RTX 3060 Laptop", "--driver", "580", "--os", "ubuntu-24.04")

    assert plan("--class", "laptop") == plan(*options, "--arch", "x86_64")


@pytest.mark.usefixtures("project")
def test_options_win_over_the_file() -> None:
    made = plan("--class", "laptop", "--gpu", "T4", "--python", "3.13")

    assert made["python"] == "3.13"
    assert made["machine"]["gpus"][0]["name"] == "Tesla T4"
    assert made["machine"]["os"]["version"] == "24.04"


def test_a_class_may_be_a_saved_machine_beside_the_file(project: Path) -> None:
    system = {"id": "ubuntu", "version": "22.04"}
    gpu = {"name": "T4", "compute_capability": "7.5", "architecture": "Turing"}
    machine = {"os": system, "gpus": [gpu], "driver": {"version": "580.95.05"}}
    (project.parent / "saved.json").write_text(json.dumps(machine))

    assert described(plan("--class", "saved")) == (["T4"], "580.95.05", "22.04")


def test_words_leave_the_file_unread(project: Path) -> None:
    project.write_text("this is no TOML")
    result = run("resolve", "tensorflow", "--gpu", "none")

    assert result.exit_code == 0
    assert "reading" not in result.stderr


def test_words_may_still_be_asked_for_a_class(project: Path) -> None:
    result = run("resolve", "tensorflow", "--class", "laptop", "--json")

    assert result.stderr == f"reading {project}\n"
    request = json.loads(result.stdout)["data"]["plan"]["request"]
    assert request["requirements"] == ["tensorflow"]
    assert request["python"] is None


@pytest.mark.usefixtures("project")
def test_a_format_alone_renders_the_projects_plan() -> None:
    result = run("render", "conda", "--class", "laptop")

    assert result.exit_code == 0, result.stderr
    assert '"torch==2.15.0"' in result.stdout


@pytest.mark.parametrize(
    ("words", "reference", "told"),
    [
        (("--class", "desktop"), "unknown-class", "it names laptop, saved"),
        (("--class", "laptop", "--machine", "x.json"), "bad-usage", "Give --class or --machine"),
        (("--class", "saved"), "bad-machine-file", "No such file"),
    ],
    ids=str,
)
@pytest.mark.usefixtures("project")
def test_what_a_class_cannot_be_is_said(words: tuple[str, ...], reference: str, told: str) -> None:
    result = run("resolve", *words)

    assert result.exit_code == 2
    assert f"error: {reference}\n" in result.stderr
    assert told in result.stderr


@pytest.mark.parametrize("text", ['requirement = ["torch"]', "[["], ids=str)
def test_a_file_that_cannot_be_honoured_is_an_error(text: str, project: Path) -> None:
    project.write_text(text)
    result = run("resolve", "--json")
    error = json.loads(result.stdout)["errors"][0]

    assert result.exit_code == 2
    assert error["reference"] == "bad-project-file"
    assert str(project) in error["message"]


NOTHING = """\
error: nothing-asked

Nothing was asked for.

hint: Name a package: dlsetup resolve torch
      Or write requirements into a dlsetup.toml here or above
"""

NO_CLASS = """\
error: unknown-class

The project file names no machine class 'laptop'.

hint: Describe it in dlsetup.toml, as a table [machines.'laptop'] with gpu, driver, os.
"""


@pytest.mark.parametrize(
    ("words", "text"),
    [
        pytest.param((), NOTHING, id="nothing-asked"),
        pytest.param(("torch", "--class", "laptop"), NO_CLASS, id="no-file"),
    ],
)
def test_without_a_file_it_is_named_as_the_way_out(
    words: tuple[str, ...], text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("resolve", *words)

    assert (result.exit_code, result.stderr) == (2, text)
