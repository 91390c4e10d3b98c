"""One plan, many formats: each pins what the plan says, read back from what was written."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

from provisioner.plan import Plan
from provisioner.render import FORMATS, render
from provisioner.workflow import catalog
from tests.outputs import readers
from tests.outputs.questions import SPREAD, carried, files_for, plan_for

ROOT = Path(__file__).parents[2]
SEVERAL = [row.name for row in FORMATS.values() if row.several]
CACHES = re.compile(r"/root/\.cache/(uv|pip)\b")
"""Where installers keep their cache inside an image: no folder of the machine that renders."""


def digests() -> dict[str, str]:
    """What every format makes of every plan, in short."""
    return {
        f"{name} {question}": sha256(repr(files_for(question, name)).encode()).hexdigest()
        for question in SPREAD
        for name in FORMATS
    }


def test_every_format_has_a_reader() -> None:
    assert {*FORMATS} - {*readers.READERS} == set(), "no proof for these formats"


@pytest.mark.parametrize("question", SPREAD)
def test_all_formats_pin_what_the_plan_pins(question: str) -> None:
    plan = plan_for(question)
    assert isinstance(plan, Plan), plan
    found = {name: files_for(question, name) for name in FORMATS}
    read = {name: readers.read(name, files) for name, files in found.items() if files}

    assert read
    assert read == {name: readers.expected(name, plan) for name in read}


@pytest.mark.parametrize("format_name", FORMATS)
def test_every_format_carries_enough_of_the_plans_to_prove_something(format_name: str) -> None:
    assert len(carried(format_name)) >= readers.LEAST.get(format_name, 10)


def test_several_plans_in_one_output_pin_what_each_of_them_pins() -> None:
    for format_name in SEVERAL:
        for (one, _), (other, _) in pairwise(carried(format_name)):
            files = render((one, other), format_name, catalog())
            wanted = (*readers.expected(format_name, one), *readers.expected(format_name, other))
            assert readers.read(format_name, files) == wanted


@pytest.mark.parametrize("format_name", FORMATS)
def test_every_output_names_every_pin_with_its_version_and_the_python(format_name: str) -> None:
    for plan, files in carried(format_name):
        text = "\n".join(file.text for file in files)
        for pin in plan.pins:
            assert f"{pin.name} {pin.version}" in text
        assert f"Python {plan.python}" in text


@pytest.mark.parametrize("format_name", FORMATS)
def test_no_output_holds_a_clock_a_folder_of_this_machine_or_a_host_nobody_named(
    format_name: str,
) -> None:
    for plan, files in carried(format_name):
        named = {word for step in plan.steps for command in step.run for word in command}
        for text in (CACHES.sub("", file.text) for file in files):
            hosts = set(re.findall(r"https?://[A-Za-z0-9.-]+", text)) - readers.HOSTS
            assert all(any(host in word for word in named) for host in hosts), hosts
            assert str(Path.home()) not in text
            assert str(ROOT) not in text
            assert not re.search(r"\b20\d\d-[01]\d-[0-3]\d", text)


@pytest.mark.parametrize("format_name", FORMATS)
def test_every_file_ends_with_an_end_of_line_and_no_line_with_a_blank(format_name: str) -> None:
    for _, files in carried(format_name):
        for file in files:
            assert file.text.endswith("\n"), file.path
            assert re.search(r"[ \t\r]$", file.text, re.MULTILINE) is None, file.path


def test_another_process_in_another_place_renders_the_same_bytes(tmp_path: Path) -> None:
    program = (
        "import json, sys; from tests.outputs.test_equality import digests; "
        "json.dump(digests(), sys.stdout)"
    )
    other = {"PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "TZ": "NZ"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, **other},
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout) == digests()
