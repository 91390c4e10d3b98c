"""What the README shows is what happens."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.distribution import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    (\./\S+.*?)(?:  +#.*)?$", README, re.MULTILINE)
# The rest describe whatever machine they are typed on, or ask an index.
ANSWERED = [
    line for line in COMMANDS if ("--gpu" in line or "--list" in line) and " lock " not in line
]


def answer(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What a ``./dlsetup`` line prints, without the launcher and its network."""
    asked = [sys.executable, str(ROOT / "provisioner/__main__.py"), *shlex.split(line)[1:]]
    return subprocess.run(
        asked,
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "HOME": str(folder), "PATH": "/usr/bin:/bin"},
    )


def test_the_readme_opens_with_two_commands() -> None:
    assert COMMANDS[:2] == ["./dlsetup up demo torch", "./.ci/test"]
    assert (ROOT / ".ci/test").stat().st_mode & 0o111


@pytest.mark.parametrize("line", ANSWERED)
def test_every_command_of_the_readme_is_answered(line: str, tmp_path: Path) -> None:
    done = answer(line, tmp_path)

    assert done.returncode == 0, done.stderr
    for name in re.findall(r"-o (\S+)", line):
        place = tmp_path / name
        written = [place] if place.is_file() else [*place.rglob("*.*")]
        assert any(file.read_text(encoding="utf-8") for file in written if file.is_file())


def test_the_answer_that_the_readme_shows_is_the_one_that_is_given(tmp_path: Path) -> None:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    plan, why_not, _ = (text for language, text in blocks if not language)
    (asked,) = re.findall(r"`(--why-not \S+)`", README)
    question = next(line for line in COMMANDS if line in ANSWERED)

    assert answer(question, tmp_path).stdout.startswith(plan)
    assert answer(f"{question} {asked}", tmp_path).stdout == why_not
