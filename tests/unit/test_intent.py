"""What ``up`` is about to do is said on one screen, whatever the machine; texts whole."""

from __future__ import annotations

import msgspec
import pytest

from provisioner import up, workflow
from provisioner.cli.text_environments import intent_lines
from provisioner.describe import Options
from provisioner.machine import Interpreter
from provisioner.plan import Plan
from provisioner.room import CACHE, HOME, TEMPORARY, Need, Place
from provisioner.workflow import Asked

GB = 1_000_000_000
GPUS = """\
Environment demo
  install      torch 2.14.1, torchvision 0.29.1
  besides      einops>=0.8
  python       3.12
  computes on  NVIDIA GeForce RTX 4090 (CUDA 13.0)
  driver       610.43.02 stays
  download     30 packages, 2.3 GB; 12 more are in uv's cache
  on disk      6.1 GB in /home/me/.cache/uv (uv's cache; 80.0 GB free), 6.4 GB in /data/envs/demo \
(the environment; 123 GB free)
  place        /data/envs/demo
"""
UNKNOWN = """\
Environment demo
  install      torch 2.14.1, torchvision 0.29.1
  besides      einops>=0.8
  python       3.12 (a build of uv's: none is here)
  computes on  NVIDIA GeForce RTX 4090 (CUDA 13.0)
  driver       610.43.02 stays
  download     up to 42 packages, at least 2.3 GB
  on disk      at least 6.4 GB in /data/envs/demo (uv's cache and the environment; 123 GB free)
  place        /data/envs/demo
"""
CACHED = """\
Environment demo
  install      torch 2.14.1, torchvision 0.29.1
  besides      einops>=0.8
  python       3.12
  computes on  NVIDIA GeForce RTX 4090 (CUDA 13.0)
  driver       610.43.02 stays
  download     nothing: uv's cache holds all 42 packages
  on disk      2 MB in /data/envs/demo (uv's cache and the environment; 123 GB free)
  place        /data/envs/demo
"""
SEPARATE = (
    Place(
        path="/home/me/.cache/uv",
        holds=(CACHE, TEMPORARY),
        needed_bytes=6_100_000_000,
        free_bytes=80 * GB,
    ),
    Place(path="/data/envs/demo", holds=(HOME,), needed_bytes=6_400_000_000, free_bytes=123 * GB),
)


def together(needed: int) -> tuple[Place, ...]:
    """One file system, and another that only holds temporary files."""
    holds = (CACHE, HOME)
    return (
        Place(path="/data/envs/demo", holds=holds, needed_bytes=needed, free_bytes=123 * GB),
        Place(path="/var/scratch", holds=(TEMPORARY,), needed_bytes=1_000_000, free_bytes=GB),
    )


@pytest.fixture(scope="module")
def plan() -> Plan:
    options = Options(gpus=("RTX 4090",), driver="610.43.02", os="ubuntu-24.04", arch="x86_64")
    words = ("torch==2.14.1", "torchvision", "einops>=0.8")
    return workflow.plan_for(Asked(words=words, options=options, python="3.12", via="pip"))


def with_python(plan: Plan) -> Plan:
    machine = msgspec.structs.replace(
        plan.machine, pythons=(Interpreter(version="3.12.3", path="/usr/bin/python3"),)
    )
    return msgspec.structs.replace(plan, machine=machine)


def said(plan: Plan, need: Need | None) -> str:
    intent = up.Intent(name="demo", path="/data/envs/demo", plan=plan, there=None, need=need)
    return "\n".join(intent_lines(intent)) + "\n"


def needed(fetched: int | None, places: tuple[Place, ...], *, at_least: bool = False) -> Need:
    return Need(
        packages=42,
        fetched=fetched,
        download_bytes=2_300_000_000,
        download_at_least=at_least,
        disk_at_least=at_least,
        places=places,
        weights={},
    )


def test_each_file_system_is_named_with_what_it_takes(plan: Plan) -> None:
    assert said(with_python(plan), needed(30, SEPARATE)) == GPUS


def test_what_is_not_known_is_said_to_be_the_least(plan: Plan) -> None:
    assert said(plan, needed(None, together(6_400_000_000), at_least=True)) == UNKNOWN


def test_what_is_there_already_is_not_fetched(plan: Plan) -> None:
    assert said(with_python(plan), needed(0, together(2_000_000))) == CACHED


@pytest.mark.parametrize(
    ("packages", "fetched", "told"),
    [
        (1, 0, "nothing: uv's cache holds the package"),
        (1, 1, "1 package, 2.3 GB"),
        (2, 1, "1 package, 2.3 GB; 1 more is in uv's cache"),
        (29, 25, "25 packages, 2.3 GB; 4 more are in uv's cache"),
    ],
)
def test_one_is_one_and_several_are_several(
    packages: int, fetched: int, told: str, plan: Plan
) -> None:
    need = msgspec.structs.replace(needed(fetched, together(2_000_000)), packages=packages)

    assert f"  download     {told}\n" in said(with_python(plan), need)


def test_where_nothing_is_to_be_done_that_is_all_that_is_said(plan: Plan) -> None:
    assert said(plan, None) == "Nothing would change: demo is already what was asked for.\n"
