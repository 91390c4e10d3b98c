"""A list of requirements is known by what stands in it, whatever it is called."""

from __future__ import annotations

import pytest

from provisioner.check.kinds import kind_of


@pytest.mark.parametrize("name", ["u.txt", "reqs.txt", "deps.txt", "requirements/gpu.txt", "-"])
@pytest.mark.parametrize(
    "text",
    [
        "torch\ntorchvision\n",
        "# what it needs\ntorch\n\n",
        "--extra-index-url https://example.org/simple\ntorch # newest\n",
        "numpy\njax[cuda13]\ntorch ; sys_platform == 'linux'\n",
    ],
)
def test_names_one_a_line_are_a_list(name: str, text: str) -> None:
    assert kind_of(name, text) == "requirements"


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "torch is a library\n", "torch\nsee above.\nand so on\n"]
)
def test_prose_is_none(text: str) -> None:
    assert kind_of("notes.txt", text) is None


def test_other_endings_are_none() -> None:
    assert kind_of("names.csv", "torch\ntorchvision\n") is None
