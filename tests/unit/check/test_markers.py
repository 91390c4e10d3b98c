"""Markers of requirements are evaluated for the machine that is meant."""

from __future__ import annotations

import pytest

from tests.unit.check.checking import checked, machine

ON = machine("RTX 5090", driver="580.95.05", os="ubuntu-24.04")


def _severities(marker: str) -> set[str]:
    # 06_torch_default_wheels: the default wheel of 2.1.2 ends at capability 9.0
    found = checked("requirements.txt", f"torch==2.1.2 ; {marker}\nnumpy<2\n", ON).findings
    return {one.severity for one in found if one.evidence[0].startswith("requirements.txt:1")}


@pytest.mark.parametrize(
    "marker",
    [
        'python_version >= "3.10" and python_version < "4.0"',
        'sys_platform == "linux"',
        "sys_platform != 'darwin'",
        'platform_system == "Linux" and platform_machine == "x86_64"',
        'os_name == "posix" and implementation_name == "cpython"',
    ],
)
def test_behind_what_is_true_an_error_is_an_error(marker: str) -> None:
    assert "error" in _severities(marker)


@pytest.mark.parametrize(
    "marker",
    [
        'sys_platform == "darwin"',
        'sys_platform == "win32"',
        'platform_machine == "arm64"',
        'python_version < "3.0"',
        "platform_machine == 'aarch64' or sys_platform == 'win32'",
    ],
)
def test_what_is_false_drops_the_line(marker: str) -> None:
    assert _severities(marker) == set()


@pytest.mark.parametrize("marker", ['python_version >= "3.12"', 'platform_release >= "6"'])
def test_behind_what_nobody_knows_it_is_a_note(marker: str) -> None:
    assert _severities(marker) == {"note"}


def test_a_file_that_names_its_python_decides() -> None:
    text = '[project]\nname = "a"\nversion = "1"\nrequires-python = "==3.11.*"\n'
    text += "dependencies = ['torch==2.1.2 ; python_version >= \"3.12\"']\n"

    assert checked("pyproject.toml", text, ON).findings == ()
