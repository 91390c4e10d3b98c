from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from provisioner.catalog.check import Problem, audit
from provisioner.catalog.load import Catalog


def edit(folder: Path, path: str, change: Callable[[str], str]) -> Catalog:
    file = folder / path
    before = file.read_text(encoding="utf-8")
    after = change(before)
    assert after != before, "the test damaged nothing"
    file.write_text(after, encoding="utf-8")
    return Catalog(folder)


def messages(catalog: Catalog) -> list[str]:
    return [str(problem) for problem in audit(catalog)]


def first_line(change: Callable[[str], str]) -> Callable[[str], str]:
    def changed(text: str) -> str:
        head, rest = text.split("\n", 1)
        return change(head) + "\n" + rest

    return changed


@pytest.mark.parametrize(
    ("path", "change", "expected"),
    [
        pytest.param(
            "nvidia/cuda.jsonl",
            first_line(lambda line: line.replace('"8.0"', '"8.0", "colour": "red"')),
            "nvidia/cuda.jsonl, line 1: cannot be read: Object contains unknown field `colour`",
            id="unknown-key",
        ),
        pytest.param(
            "nvidia/driver_branches.jsonl",
            first_line(
                lambda line: (
                    line.partition('"evidence": "')[0] + '"evidence": " ", "checked": "2026-11-20"}'
                )
            ),
            "has no evidence",
            id="no-evidence",
        ),
        pytest.param(
            "nvidia/driver_branches.jsonl",
            first_line(lambda line: line.replace("2026-11-20", "yesterday")),
            "is no day",
            id="no-day",
        ),
        pytest.param(
            "nvidia/driver_branches.jsonl",
            lambda text: "\n".join([*text.splitlines()[1:], text.splitlines()[0], ""]),
            "not in order",
            id="order",
        ),
        pytest.param(
            "nvidia/driver_branches.jsonl",
            lambda text: text.replace('", "', '","'),
            "form that upkeep writes",
            id="form",
        ),
        pytest.param(
            "nvidia/driver_branches.jsonl",
            lambda text: text.splitlines(keepends=True)[0] + text,
            "stands there twice",
            id="twice",
        ),
        pytest.param(
            "frameworks/torch.jsonl",
            lambda text: text.replace('"sm_86"', '"sm86"', 1),
            "is no architecture",
            id="architecture",
        ),
        pytest.param(
            "frameworks/torch.jsonl",
            lambda text: text.replace('"kind": "measured"', '"kind": "guessed"', 1),
            "neither measured nor announced",
            id="kind",
        ),
        pytest.param(
            "frameworks/torch.jsonl",
            lambda text: text.replace('"platform": "linux-x86_64"', '"platform": "linux"', 1),
            "'linux' is no platform such as linux-x86_64",
            id="platform",
        ),
        pytest.param(
            "frameworks/torchvision.jsonl",
            lambda text: text.replace('["torch==', '["trch==', 1),
            "requires 'trch'",
            id="requirement",
        ),
        pytest.param(
            "frameworks/torch.jsonl",
            lambda text: text.replace('"cuda": "12.8"', '"cuda": "12.7"', 1),
            "CUDA 12.7 has no row",
            id="cuda",
        ),
        pytest.param(
            "frameworks/tensorflow-images.jsonl",
            lambda text: text.replace(
                "nvcr.io/nvidia/tensorflow:23.03", "nvcr.io/nvidia/tensorflow:23.99", 1
            ),
            "has no row",
            id="image-of-a-build",
        ),
        pytest.param(
            "index_variants.toml",
            lambda text: text.replace('"pytorch"', '"pytroch"'),
            "torch cpu: address 'pytroch' has no row",
            id="address-of-a-variant",
        ),
        pytest.param(
            "index_variants.toml",
            lambda text: text.replace('"torch"', '"trch"'),
            "trch cpu: framework 'trch' has no builds",
            id="framework-of-a-variant",
        ),
        pytest.param(
            "os.toml",
            lambda text: text.replace("library/debian:12", "library/debian:99"),
            "image docker.io/library/debian:99 has no row",
            id="base-image",
        ),
        pytest.param(
            "debian/driver_packages.toml",
            lambda text: text.replace('branch = "535"', 'branch = "536"', 1),
            "branch 536 has no row",
            id="branch",
        ),
        pytest.param(
            "nvidia/gpus.jsonl",
            lambda text: text.replace(
                '"compute_capability": "8.6"', '"compute_capability": "8.55"', 1
            ),
            "compute capability 8.55 has no row",
            id="capability",
        ),
        pytest.param(
            "differences.toml",
            lambda text: re.sub(
                r'theirs = ".*"\nours = "(.*)"', r'theirs = "\1"\nours = "\1"', text
            ),
            "is no difference: both say the same",
            id="no-difference",
        ),
        pytest.param(
            "conflicts.toml",
            lambda text: text.replace('cuda = "<11"', 'cuda = "below 11"'),
            "is no specifier",
            id="specifier",
        ),
        pytest.param(
            "caps.toml",
            lambda text: text.replace('framework = "nvidia-tensorflow"', 'framework = "caffe"'),
            "framework 'caffe' has no builds",
            id="framework-of-a-cap",
        ),
        pytest.param(
            "contents.json",
            lambda text: re.sub(r'"checked": "[^"]*"', '"checked": "2027-01-01"', text),
            "does not say what the sheets hold",
            id="contents",
        ),
    ],
)
def test_what_is_wrong_is_found_and_the_sheet_named(
    stacks: Path, path: str, change: Callable[[str], str], expected: str
) -> None:
    found = messages(edit(stacks, path, change))

    assert any(expected in message for message in found), found


def test_two_builds_with_one_name_contradict_each_other(stacks: Path) -> None:
    def again(text: str) -> str:
        last = text.splitlines()[-1]
        return text + last.replace('"cuda": "13.2"', '"cuda": "13.0"') + "\n"

    found = messages(edit(stacks, "frameworks/torch.jsonl", again))

    assert any("same framework, version, variant and platform" in message for message in found)


def test_an_unreadable_sheet_does_not_stop_the_audit_of_the_others(stacks: Path) -> None:
    (stacks / "os.toml").write_text("[[", encoding="utf-8")

    found = messages(edit(stacks, "nvidia/cuda.jsonl", lambda text: text.replace("2026", "26")))

    assert any(message.startswith("os.toml: cannot be read: ") for message in found)
    assert any(message.startswith("nvidia/cuda.jsonl, 12.8: checked: ") for message in found)


def test_a_problem_is_a_sentence_for_people_and_three_fields_for_programs() -> None:
    row = Problem("nvidia/gpus.jsonl", "1e04", "compute capability 8.55 has no row")
    whole = Problem("os.toml", "", "the rows are not in order")

    assert str(row) == "nvidia/gpus.jsonl, 1e04: compute capability 8.55 has no row"
    assert str(whole) == "os.toml: the rows are not in order"
    assert msgspec.to_builtins(whole) == {
        "sheet": "os.toml",
        "row": "",
        "message": "the rows are not in order",
    }
