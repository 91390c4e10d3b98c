"""The workflows, and the commands of .ci that they call."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.packaging.distribution import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
BIN = Path(sys.executable).parent
GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]


def loaded(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def jobs() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path in WORKFLOWS:
        for name, job in loaded(path)["jobs"].items():
            yield f"{path.name}: {name}", job


def steps() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, job in jobs():
        for step in job.get("steps", ()):
            yield name, step


# What the workflows may do


def test_there_is_a_workflow_for_changes_one_for_each_day_and_one_for_each_week() -> None:
    assert [path.name for path in WORKFLOWS] == [
        "ci.yml",
        "upkeep-daily.yml",
        "upkeep-weekly.yml",
        "upkeep.yml",
    ]


@pytest.mark.parametrize(
    ("name", "day_of_week", "what"),
    [("daily", "*", "frameworks cudnn tools"), ("weekly", "1", "cuda gpus")],
)
def test_between_them_they_ask_for_everything(name: str, day_of_week: str, what: str) -> None:
    workflow = loaded(ROOT / f".github/workflows/upkeep-{name}.yml")

    (schedule,) = workflow["on"]["schedule"]
    minute, hour, *rest = schedule["cron"].split()
    assert (minute.isdigit(), hour.isdigit()) == (True, True)
    assert rest == ["*", "*", day_of_week]
    assert workflow["jobs"]["upkeep"]["with"]["what"] == what


def test_words_of_the_workflows_are_words_of_refresh() -> None:
    from provisioner.upkeep.refresh import SUBJECTS

    calls = [job["with"]["what"].split() for _, job in jobs() if "with" in job]

    assert sorted(word for words in calls for word in words) == sorted(SUBJECTS)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_nothing_is_allowed_but_what_a_job_asks_for(path: Path) -> None:
    workflow = loaded(path)

    assert workflow["permissions"] == {}
    assert all("permissions" in job for job in workflow["jobs"].values())


def test_the_job_that_reads_foreign_wheels_may_write_nothing() -> None:
    measure = loaded(ROOT / ".github/workflows/upkeep.yml")["jobs"]["measure"]

    assert measure["permissions"] == {"contents": "read"}
    assert "github.token" not in json.dumps(measure)


def test_there_is_no_secret_but_the_token_of_the_workflow() -> None:
    texts = [path.read_text(encoding="utf-8") for path in WORKFLOWS]

    assert [text for text in texts if re.search(r"\bsecrets\b", text)] == []


def test_every_action_is_pinned_by_its_commit() -> None:
    lines = [
        line.strip()
        for path in WORKFLOWS
        for line in path.read_text(encoding="utf-8").splitlines()
        if "uses:" in line and "./" not in line
    ]

    assert lines
    pinned = re.compile(r"- uses: [\w-]+/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+")
    assert [line for line in lines if not pinned.fullmatch(line)] == []


def test_no_checkout_leaves_the_token_behind() -> None:
    checkouts = [step for _, step in steps() if "actions/checkout@" in step.get("uses", "")]

    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_no_expression_becomes_part_of_a_shell_command() -> None:
    commands = [step["run"] for _, step in steps() if "run" in step]

    assert commands
    assert [command for command in commands if "${{" in command] == []


@pytest.mark.linter
@pytest.mark.parametrize(
    "command",
    [
        ["zizmor", "--quiet", "--offline", "--no-progress"],
        ["check-jsonschema", "--quiet", "--builtin-schema", "vendor.github-workflows"],
    ],
    ids=lambda command: command[0],
)
def test_the_linters_have_nothing_to_say(command: list[str]) -> None:
    program = [str(BIN / command[0]), *command[1:]]

    done = subprocess.run([*program, *map(str, WORKFLOWS)], check=False, capture_output=True)

    assert done.returncode == 0, done.stdout.decode()


# The text of the pull request
