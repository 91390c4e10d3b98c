"""A release that time broke, installed for real: as it is, and as a plan of it says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from provisioner.upkeep.rot.environment import Environment

PYTHON = "3.7"
RELEASE = "tensorflow==1.15.5"

pytestmark = pytest.mark.network


def interpreter() -> str:
    """One of pyenv's, which is not on PATH; else uv finds or fetches one."""
    found = sorted(Path.home().glob(f".pyenv/versions/{PYTHON}.*/bin/python"))
    return str(found[-1]) if found else PYTHON


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("rot"), interpreter(), "tensorflow")


def planned() -> list[str]:
    """The requirements of the plan, with no index of their own: pins, then caps."""
    asked = ["resolve", RELEASE, "--gpu", "none", "--python", PYTHON, "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "provisioner", *asked], check=True, capture_output=True, text=True
    )
    plan = json.loads(done.stdout)["data"]["plan"]
    assert [pin["index"] for pin in plan["pins"]] == [None]
    return [item["requirement"] for key in ("pins", "constraints") for item in plan[key]]


def test_a_plain_install_is_broken_and_its_plan_works(bench: Environment) -> None:
    plain = bench.attempt([RELEASE])
    assert (plain.stage, plain.suspects[0]) == ("probe", "protobuf")
    assert plain.error.startswith("TypeError: Descriptors")

    requirements = planned()

    assert requirements[0] == RELEASE
    assert "protobuf<4.21" in requirements
    assert bench.attempt(requirements).works
