"""What is inside the wheel and the sdist."""

from __future__ import annotations

import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

import provisioner
from tests.packaging.distribution import ROOT, build


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


@pytest.mark.parametrize("folder", ["stacks", "templates"])
def test_the_wheel_carries_the_data_inside_the_package(wheel: Path, folder: str) -> None:
    in_checkout = {
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    inside = {name.removeprefix("provisioner/data/") for name in names(wheel)}

    assert in_checkout
    assert in_checkout <= inside


def test_the_wheel_installs_nothing_beside_the_package(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in names(wheel)}

    assert tops == {"provisioner", f"dlsetup-{provisioner.__version__}.dist-info"}


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    said = metadata(wheel)

    assert said["Name"] == "dlsetup"
    assert said["Version"] == provisioner.__version__
    assert said["License-Expression"] == "Apache-2.0"
    assert said["Requires-Python"] == ">=3.10"
    assert any(name.endswith("/licenses/LICENSE") for name in names(wheel))


def test_the_sdist_builds_the_same_wheel_to_the_byte(
    wheel: Path, unpacked_sdist: Path, tmp_path: Path
) -> None:
    again = build("--wheel", unpacked_sdist, tmp_path)

    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()


def test_the_sdist_is_the_whole_project(unpacked_sdist: Path) -> None:
    expected = ["dlsetup", "requirements.txt", "LICENSE", "README.md", "Vagrantfile", "stacks"]
    expected += ["templates", "tests", ".ci/run", "CHANGELOG.md", "CONTRIBUTING.md"]

    assert [name for name in expected if not (unpacked_sdist / name).exists()] == []
