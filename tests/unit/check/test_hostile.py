"""Whatever stands in a file: an answer comes, soon, and nothing of it is run."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.check.checking import checked, machine
from tests.unit.check.healthy_files import ALL as HEALTHY
from tests.unit.check.ill_files import ALL as ILL
from tests.unit.check.ill_systems import ALL as MORE

NAMES = (
    "Dockerfile",
    "compose.yml",
    "environment.yml",
    "requirements.txt",
    "pyproject.toml",
    "pixi.toml",
    "devcontainer.json",
    "install.sh",
    "no-name",
)
PIECES = (
    *(case.text for case in (*ILL, *MORE, *HEALTHY)),
    *("FROM ", "RUN ", "pip install ", "\\\n", "$(", "`", "'", '"', "<<EOF\n", "${A:-", "}", "|\n"),
    *("- ", ": ", "\t", "#", "[", "]", "{", "}", "torch==", "99999999999999999999", "+cu", "\r\n"),
    *("==", "é", "\u202e", "\x1b[0m", "@", ";", "--index-url ", "-r ", "&&", "if ", "fi\n"),
)
PASCAL = machine("GTX 1080", driver="535.183.01")


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(NAMES), st.lists(st.sampled_from(PIECES) | st.text(max_size=30), max_size=8))
def test_whatever_stands_in_a_file_there_is_an_answer(name: str, pieces: list[str]) -> None:
    found = checked(name, "".join(pieces), PASCAL)

    assert found.name == name
    for finding in found.findings:
        assert finding.message.endswith(".")
        assert finding.severity in {"error", "warning", "note"}


HALF = 400_000
LARGE = {
    "random": "".join(chr(random.Random(1).randrange(1, 0x2FF)) for _ in range(HALF)),  # noqa: S311 - no secret is made
    "open-quotes": 'pip install "\n' * (HALF // 14),
    "lists-in-lists": "- " * (HALF // 2),
    "brackets": "[[" * (HALF // 2),
    "continued": "RUN pip \\\n" * (HALF // 10),
    "here-documents": "FROM a\nRUN " + "<<A " * (HALF // 4),
    "installs": "pip install torch==2.8.0\n" * (HALF // 25),
    "stages": "FROM nvidia/cuda:12.4.1-cudnn8-devel-ubuntu22.04\n" * (HALF // 49),
    "services": "services:\n" + "".join(f"  a{n}:\n    image: x{n}\n" for n in range(15_000)),
    "one-line": "x" * HALF,
}


@pytest.mark.parametrize("what", LARGE)
def test_a_large_file_is_answered_within_seconds(what: str) -> None:
    for name in NAMES:
        begun = time.process_time()
        checked(name, LARGE[what], PASCAL)

        assert time.process_time() - begun < 20, name


def test_nothing_of_a_file_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    texts = (f"$(touch {mark})", f"`touch {mark}`", f"'; touch {mark}; '", f"!touch {mark}")
    for name in NAMES:
        for text in texts:
            checked(name, f"FROM {text}\nRUN pip install {text}\n{text}\nimage: {text}\n", PASCAL)
            checked(name, f'x: !!python/object/apply:os.system ["touch {mark}"]\n', PASCAL)

    assert not os.path.exists(mark)
