"""Explanations as people read them, whole: a change of words is seen as a diff.

Each file holds a command and what it prints. To write one anew, type the command and read it;
the day of the catalog stands as DAY.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from provisioner.cli.main import main
from tests.cli.ran import without_its_day

TEXTS = sorted((Path(__file__).parent / "texts").glob("*.txt"))


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_an_explanation_is_the_text_that_was_agreed(path: Path) -> None:
    command, _, text = path.read_text(encoding="utf-8").partition("\n")
    _, _, *words = shlex.split(command)

    printed = CliRunner().invoke(main, words).stdout
    assert without_its_day(printed) == text


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_an_explanation_is_short_and_in_plain_words(path: Path) -> None:
    _, *lines = path.read_text(encoding="utf-8").splitlines()

    assert len(lines) <= 6
    assert max(map(len, lines)) <= 102
    assert not [line for line in lines if "__" in line or "None" in line]
