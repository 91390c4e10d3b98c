"""What upkeep reads by is audited too: a slip there would be a fact that goes missing unseen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.upkeep import contents, writing

READINGS, PROJECTS = "upkeep/readings.toml", "upkeep/projects.toml"


@pytest.mark.parametrize(
    ("path", "change", "expected"),
    [
        (
            READINGS,
            ('project = "torch"', 'project = "tourch"'),
            f"{READINGS}, tourch cuda: project tourch has no row",
        ),
        (
            READINGS,
            ('versions = ">=1.1"', 'versions = "1.1"'),
            f"{READINGS}, torch targets: versions: '1.1' is no range such as >=1.4,<2",
        ),
        (
            READINGS,
            ('fact = "cuda"', 'fact = "couda"'),
            f"{READINGS}, torch couda: fact: 'couda' is no fact that a wheel can be read for",
        ),
        (
            PROJECTS,
            ('cuda_of = "torch"', 'cuda_of = "tourch"'),
            f"{PROJECTS}, torchaudio: cuda_of: tourch is no project",
        ),
    ],
)
def test_a_slip_is_told_in_one_sentence(
    stacks: Path,
    sentences: Callable[[], list[str]],
    path: str,
    change: tuple[str, str],
    expected: str,
) -> None:
    file = stacks / path
    text = file.read_text(encoding="utf-8")
    assert change[0] in text, "the test damages nothing"
    file.write_text(text.replace(*change, 1), encoding="utf-8")
    writing.write(stacks, contents.texts(stacks))

    assert sentences() == [expected]


def test_an_expression_that_cannot_be_read_is_told(
    stacks: Path, sentences: Callable[[], list[str]]
) -> None:
    file = stacks / READINGS
    text = file.read_text(encoding="utf-8")
    start = 'member = "torch/version'
    file.write_text(text.replace(start, 'member = "(torch/version', 1), encoding="utf-8")
    writing.write(stacks, contents.texts(stacks))

    (found,) = sentences()
    assert found.startswith(f"{READINGS}, torch cuda: member: ")
    assert "is no regular expression: missing )" in found


def test_a_document_speaks_of_a_project(
    edit_row: Callable[..., None], sentences: Callable[[], list[str]]
) -> None:
    meant = {"framework": "torchaudio", "versions": "==2.11.0"}
    edit_row("upkeep/documented.jsonl", meant, framework="torchodio")

    assert sentences() == [
        "upkeep/documented.jsonl, torchodio ==2.11.0: project torchodio has no row"
    ]


def test_what_a_compiler_accepts_is_the_life_of_a_capability(
    edit_row: Callable[..., None], sentences: Callable[[], list[str]]
) -> None:
    """Facts 02: the ptxas of CUDA 12.8 is the first that accepts sm_120."""
    meant = {"compute_capability": "12.0"}
    edit_row("nvidia/architectures.jsonl", meant, first_cuda="12.9")

    assert (
        "nvidia/architectures.jsonl, 12.0: its compiler of CUDA 12.8 accepts sm_120"
    ) in sentences()
