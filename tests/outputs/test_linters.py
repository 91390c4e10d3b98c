"""Linters without a warning over everything that is rendered."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.outputs.kinds import kind_of
from tests.outputs.questions import outputs

BIN = Path(sys.executable).parent
PATHS_PER_CALL = 40
"""A linter that is started once for many files is done in a fraction of the time."""

pytestmark = pytest.mark.linter


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Sequence[Path]]:
    """Every different text of every output as a file, by kind."""
    folder = tmp_path_factory.mktemp("outputs")
    texts: dict[tuple[str, str], Path] = {}
    found: dict[str, list[Path]] = {}
    for number, (_, format_name, files) in enumerate(outputs()):
        for file in files:
            if (file.path, file.text) in texts:
                continue
            path = folder / f"{number:04}-{format_name}" / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text, encoding="utf-8")
            texts[file.path, file.text] = path
            found.setdefault(kind_of(file.path), []).append(path)
    return found


def said(paths: Sequence[Path], *command: str) -> str:
    """What a linter says of the files, in as few calls as will do."""
    assert paths
    text = ""
    for start in range(0, len(paths), PATHS_PER_CALL):
        some = map(str, paths[start : start + PATHS_PER_CALL])
        done = subprocess.run([*command, *some], capture_output=True, text=True, check=False)
        text += done.stdout + done.stderr
        text += "" if done.returncode == 0 else f"{command[0]}: {done.returncode}\n"
    return text


def test_there_is_a_linter_for_every_kind_and_much_to_lint(
    written: Mapping[str, Sequence[Path]],
) -> None:
    linted = {"shell", "dockerfile", "yaml"}

    assert {*written} - linted == set(), "no linter for these kinds"
    assert sum(map(len, written.values())) > 100
    assert all(len(paths) >= 10 for paths in written.values())


def test_shellcheck_has_nothing_to_say(written: Mapping[str, Sequence[Path]]) -> None:
    assert said(written["shell"], str(BIN / "shellcheck"), "--shell=bash") == ""


def test_bash_reads_every_script(written: Mapping[str, Sequence[Path]]) -> None:
    for path in written["shell"]:
        assert said([path], "bash", "-n") == ""


def test_hadolint_has_nothing_to_say(written: Mapping[str, Sequence[Path]]) -> None:
    assert said(written["dockerfile"], str(BIN / "hadolint"), "--no-color") == ""


def test_yamllint_has_nothing_to_say(written: Mapping[str, Sequence[Path]]) -> None:
    found = [path for kind in ("yaml",) for path in written.get(kind, ())]

    assert said(found, str(BIN / "yamllint"), "--strict", "-d", "default") == ""
