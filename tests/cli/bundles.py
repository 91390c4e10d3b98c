"""Bundles as tests make them: an environment of two made packages, exported once for a module."""

from __future__ import annotations

from tests.cli.environments import Home, package, tensorflow
from tests.cli.ran import Ran
from tests.unit.upkeep.loopback import Loopback

WHEEL = "demo/wheels/tensorflow_cpu-2.21.0-py3-none-any.whl"


def furnish(index: Loopback) -> None:
    index.projects.clear()
    index.behaviour.clear()
    index.forget()
    tensorflow(index)
    package(index, "fine", "1.0", "")


def left_nothing(ran: Ran, home: Home, reference: str) -> str:
    """The reason in an error that names the bundle, after which nothing is there."""
    assert ran.code != 0
    assert ran.error["reference"] == reference, ran.out
    assert not home.environments.exists() or not list(home.environments.iterdir())
    return "\n".join(ran.error["context"])
