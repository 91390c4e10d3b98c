"""The programs run as they lie there, in any Python from 3.6 on, and those of scripts alone."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parents[3] / "templates"
SHARED = sorted((TEMPLATES / "shell/verify").glob("*.py.j2"))
DEEPER = sorted((TEMPLATES / "verify").rglob("*.py"))
OLDEST = (3, 6)


@pytest.mark.parametrize("path", [*SHARED, *DEEPER], ids=lambda path: path.name)
def test_a_program_is_plain_python_of_the_oldest_interpreter(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    ast.parse(text, feature_version=OLDEST)
    # What is run is the file itself; what a script holds is the template filled in.
    assert not any(mark in text for mark in ("{%", "{{", "{##"))


@pytest.mark.parametrize("path", SHARED, ids=lambda path: path.name)
def test_what_stands_in_scripts_needs_nothing_that_lies_beside_it(path: Path) -> None:
    assert "exactness" not in path.read_text(encoding="utf-8")


@pytest.mark.skipif(
    not sorted(Path.home().glob(".pyenv/versions/3.6.*/bin/python")), reason="no Python 3.6 here"
)
def test_the_listing_and_the_runner_run_in_the_oldest_interpreter() -> None:
    python = str(max(Path.home().glob(".pyenv/versions/3.6.*/bin/python")))
    programs = (
        f'[["{TEMPLATES}/verify/installed.py"], ["{TEMPLATES}/shell/verify/imports.py.j2", "os"]]'
    )
    asked = f'{{"programs": {programs}, "seconds": 60}}'
    argv = [python, "-I", "-B", str(TEMPLATES / "verify/runner.py"), asked]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)

    assert '{"ended": 1, "problem": null, "said": "  import os: fine\\n"}' in done.stdout
