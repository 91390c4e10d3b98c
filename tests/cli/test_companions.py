"""Companions that live inside a framework, held against its CUDA: table 27, read from wheels."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from provisioner.cli.main import main
from tests.table.factsheet import rows

A100 = ("--gpu", "A100", "--os", "ubuntu-24.04", "--driver", "580")
ON_THE_CPU = ("--gpu", "none", "--os", "ubuntu-24.04", "--arch", "x86_64")
RELEASES = {row["version"]: row for row in rows("27_torchcodec.csv")}
TORCHES = [
    ("2.9.1", "cu126", "12.6"),
    ("2.9.1", "cu130", "13.0"),
    ("2.11.0", "cu126", "12.6"),
    ("2.11.0", "cu130", "13.0"),
    ("2.14.1", "cu126", "12.6"),
    ("2.14.1", "cu130", "13.0"),
    ("2.14.1", "cpu", None),
]


def asked(*words: str) -> dict[str, Any]:
    done = CliRunner().invoke(main, ["resolve", *words, "--json"])
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def go_together(release: str, torch: str, cuda: str | None) -> bool:
    """Whether the table lets a release stand beside a torch of a CUDA."""
    row = RELEASES[release]
    wanted = row["cuda_linux_x86_64"]
    same = not wanted or (cuda or "").partition(".")[0] == wanted.partition(".")[0]
    return same and bool(row["torch"]) and Version(torch) in SpecifierSet(row["torch"])


@pytest.mark.parametrize(("torch", "variant", "cuda"), TORCHES)
def test_the_installer_is_left_only_releases_that_go_with_the_torch(
    torch: str, variant: str, cuda: str | None
) -> None:
    plan = asked(f"torch=={torch}+{variant}", "torchcodec", *(A100 if cuda else ON_THE_CPU))
    bounds = [
        Requirement(cap["requirement"])
        for cap in plan["data"]["plan"]["constraints"]
        if cap["requirement"].startswith("torchcodec")
    ]
    told = {
        release
        for release in RELEASES
        if RELEASES[release]["torch"] and all(release in bound.specifier for bound in bounds)
    }

    assert told == {release for release in RELEASES if go_together(release, torch, cuda)}


@pytest.mark.parametrize("release", ["0.16.0", "0.12.0", "0.9.1"])
@pytest.mark.parametrize(("torch", "variant", "cuda"), TORCHES)
def test_a_release_that_was_named_is_planned_where_it_goes_with_the_torch_and_else_refused(
    release: str, torch: str, variant: str, cuda: str | None
) -> None:
    machine = A100 if cuda else ON_THE_CPU
    found = asked(f"torch=={torch}+{variant}", f"torchcodec=={release}", *machine)

    assert (found["status"] == "ok") is go_together(release, torch, cuda)
    if found["status"] != "ok":
        assert "torchcodec==" in found["errors"][0]["message"]


def test_the_torch_follows_a_companion_that_was_named() -> None:
    """A driver of branch 550 would have kept torch at CUDA 12."""
    plan = asked("torch", "torchcodec==0.16.0", *A100[:4], "--driver", "550.54.14")["data"]["plan"]

    assert plan["cuda"].startswith("13.")
    assert plan["driver"]["action"] == "upgrade"


@pytest.mark.parametrize("package", ["nvidia-cudnn-cu12", "nvidia-cudnn-cu13"])
def test_a_cudnn_beside_torch_is_of_torchs_own_cuda(package: str) -> None:
    """Both write nvidia/cudnn/lib/libcudnn.so.9: table 23."""
    plan = asked("torch", package, *A100)["data"]["plan"]

    assert plan["cuda"].startswith(f"{package[-2:]}.")


def test_a_cudnn_of_another_cuda_beside_a_named_torch_is_refused_by_its_name() -> None:
    (error,) = asked("torch==2.5.1+cu118", "nvidia-cudnn-cu12", *A100)["errors"]

    assert (
        error["message"] == "torch==2.5.1+cu118 and nvidia-cudnn-cu12 cannot share one environment."
    )


def test_a_companion_without_its_framework_is_not_called_unknown() -> None:
    (error,) = asked("torchcodec", *A100)["errors"]

    assert error["reference"] == "no-framework-asked"
    assert error["context"] == ["torchcodec: a package that works beside a framework only"]
