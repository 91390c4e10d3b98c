"""Systems whose support has ended are called by name; of others nothing is known."""

from __future__ import annotations

import pytest

from provisioner.describe import parse_os
from provisioner.errors import UsageError
from tests.unit.check.checking import CATALOG, checked, machine


@pytest.mark.parametrize(
    ("image", "system", "month"),
    [  # distro-info-data 0.58: debian.csv and ubuntu.csv
        ("ubuntu:16.04", "ubuntu-16.04", "2021-04"),
        ("ubuntu:bionic", "ubuntu-18.04", "2023-05"),
        ("nvidia/cuda:11.4.3-devel-ubuntu18.04", "ubuntu-18.04", "2023-05"),
        ("python:3.7-slim-buster", "debian-10", "2024-06"),
        ("debian:11.9-slim", "debian-11", "2026-08"),
    ],
)
def test_an_image_on_a_system_that_has_ended_is_told_with_the_month(
    image: str, system: str, month: str
) -> None:
    found = checked("Dockerfile", f"FROM {image}\n", machine("none")).findings
    ended = [one for one in found if one.reference == "os-end-of-life"]

    assert [one.severity for one in ended] == ["note"]
    assert f"The support of {system}, on which {image} stands, ended in {month}" in ended[0].message


@pytest.mark.parametrize("image", ["ubuntu:24.04", "debian:12", "ubuntu:99.04", "alpine:3.20"])
def test_of_other_systems_no_end_is_told(image: str) -> None:
    found = checked("Dockerfile", f"FROM {image}\n", machine("none")).findings

    assert "os-end-of-life" not in {one.reference for one in found}


def test_a_machine_on_an_ended_system_is_refused_with_the_month() -> None:
    with pytest.raises(UsageError, match=r"No plan is made for ubuntu-18\.04: its support ended"):
        parse_os("ubuntu-18.04", CATALOG)
    with pytest.raises(UsageError, match=r"does not know the operating system 'ubuntu-99\.04'"):
        parse_os("ubuntu-99.04", CATALOG)
