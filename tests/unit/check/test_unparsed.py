"""A file that no parser takes is an error with its line, and one that is fine is none."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.check.readers import broken_yaml
from tests.unit.check.checking import checked, machine, told
from tests.unit.check.healthy_files import ALL as HEALTHY
from tests.unit.check.ill_files import ALL as ILL

HERE = machine("RTX 3090", driver="580.65.06")
GOOD = """\
# A comment
name: "a: b"
channels: [conda-forge,
  "nvidia"]
variables: {A: 1}
dependencies:
- python=3.12
- pip:
  - torch==2.5.1
  - "numpy<2"
-   scipy
description: >
  anything: goes [here
notes: it goes
  on here
text: 'it''s "so'
other: "a \\" b"
"""


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("pyproject.toml", '[project]\nname = "x\ndependencies = []\n', 2),
        ("pyproject.toml", '[project]\nname = "x"\nname = "y"\n', 3),
        ("pixi.toml", '[workspace]\nchannels = ["conda-forge"\n', 2),
        ("pixi.toml", "[workspace\n", 1),
        ("environment.yml", "name: x\ndependencies\n  - python\n", 2),
        ("environment.yml", "dependencies:\n\t- python\n", 2),
        ("environment.yml", "dependencies:\n    - python\n  - torch\n", 3),
        ("environment.yml", "channels: [conda-forge\ndependencies:\n  - python\n", 1),
        ("environment.yml", 'name: "x\ndependencies:\n  - python\n', 1),
        ("environment.yml", "dependencies:\n  - a\n<<<<<<< HEAD\n  - b\n", 3),
    ],
)
def test_what_is_broken_is_told_with_its_line(name: str, text: str, line: int) -> None:
    assert told(checked(name, text, HERE)) == {("file-not-parsed", line)}


def test_what_is_fine_is_not_called_broken() -> None:
    assert list(broken_yaml.unread(GOOD)) == []
    for case in (*HEALTHY, *ILL):
        if case.name.endswith((".yml", ".yaml")):
            assert list(broken_yaml.unread(case.text)) == [], case.id


PIECES = (
    *("a", "b: c", "- ", "  ", "    ", "\n", "\n", ": ", "key:", "[", "]", "{", "}", '"', "'", "#"),
    *(" #", "|", ">-", "\t", "x==1", "- pip:", "\n- a", "\n  - b", "&x ", "*x", "? ", "---\n"),
    *(", ", "\\"),
)


@settings(deadline=None, max_examples=600)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_nothing_is_called_broken_that_a_parser_takes(text: str) -> None:
    text = f"name: x\n{text}"
    if list(broken_yaml.unread(text)):
        with pytest.raises(yaml.YAMLError):
            list(yaml.parse(text))
