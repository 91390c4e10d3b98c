"""Caps on what moved on: an error only where what the file says breaks.

Expected from stacks/upkeep/rot.jsonl, which was installed for real: torch 1.13.1 works with numpy
1.26.4 and not with 2.0.0, and asks for no numpy itself; tensorflow 2.10.1 asks for it.
"""

from __future__ import annotations

import pytest

from tests.unit.check.checking import checked, machine

CPU = machine("none")


def caps(text: str, name: str = "requirements.txt") -> list[str]:
    found = checked(name, text, CPU).findings
    return [one.severity for one in found if one.reference == "cap-missing"]


@pytest.mark.parametrize(
    ("text", "severities"),
    [
        ("torch==1.13.1\n", ["note"]),
        ("torch==1.13.1\nrequests\n", ["note"]),
        ("torch==1.13.1\nnumpy<2\n", []),
        ("torch==1.13.1\nnumpy==1.24.4\n", []),
        ("torch==1.13.1\nnumpy==1.*\n", []),
        ("torch==1.13.1\nnumpy==2.1.0\n", ["error"]),
        ("torch==1.13.1\nnumpy>=2\n", ["error"]),
        ("torch==1.13.1\nnumpy>=1.20\n", ["warning"]),  # Python 3.8 has no numpy 2
        ("torch==2.2.2\nnumpy\n", ["warning"]),
        ("torch==1.10.2\n", ["note"]),  # setuptools too is whoever's made the environment
        ("tensorflow-cpu==2.10.1\n", ["warning"]),  # on Python 3.7 and 3.8 numpy 2 never comes
        ("tensorflow-cpu==2.10.1\nnumpy<2\n", []),
        ("tensorflow-cpu==2.10.1\nnumpy==2.0.2\n", ["error"]),
    ],
)
def test_a_cap_is_an_error_only_where_a_pin_breaks(text: str, severities: list[str]) -> None:
    assert caps(text) == severities


@pytest.mark.parametrize(
    ("packages", "severities"),
    [
        ("tensorflow-cpu==2.10.1", ["error"]),
        ("torch==2.2.2 numpy", ["error"]),
        ("torch==2.2.2 numpy numba", ["warning"]),  # numba has bounds of its own
        ("torch==2.2.2", ["note"]),
    ],
)
def test_what_is_left_open_is_an_error_where_python_and_neighbours_are_known(
    packages: str, severities: list[str]
) -> None:
    text = f"FROM python:3.10-slim-bookworm\nRUN pip install {packages}\n"

    assert caps(text, "Dockerfile") == severities


def test_what_to_write_for_a_pin_that_breaks_stands_in_its_place() -> None:
    found = checked("requirements.txt", "torch==1.13.1\nnumpy==2.1.0\n", CPU).findings
    fixes = [one.fix for one in found if one.reference == "cap-missing"]

    assert fixes == [("numpy<2 instead of numpy==2.1.0",)]


def test_what_uv_is_told_to_stay_within_keeps_a_cap() -> None:
    text = (
        '[project]\nname = "x"\nrequires-python = ">=3.10"\n'
        'dependencies = ["torch==2.2.2", "numpy"]\n'
    )
    bound = '[tool.uv]\nconstraint-dependencies = ["numpy<2"]\n'

    assert caps(text, "pyproject.toml") == ["error"]
    assert caps(text + bound, "pyproject.toml") == []


def test_what_uv_is_told_to_stay_within_binds_what_is_asked_for() -> None:
    text = (
        '[project]\nname = "x"\nrequires-python = ">=3.12"\ndependencies = ["torch"]\n'
        '[tool.uv]\nconstraint-dependencies = ["torch==2.8.0"]\n'
    )
    found = checked("pyproject.toml", text, machine("GTX 1080", driver="535.183.01")).findings

    assert [(one.reference, one.evidence[0]) for one in found if one.severity == "error"] == [
        ("gpu-too-old", "pyproject.toml:6: torch==2.8.0")
    ]
