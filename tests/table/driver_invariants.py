"""What must hold for the driver of a plan, and how TensorFlow 1 plans name what they run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from packaging.version import Version

from . import rules, tf1
from .answer import Question
from .factsheet import Build

Plan = dict[str, Any]


def first_framework(plan: Plan) -> bool:
    """Whether it is a TensorFlow 1 plan."""
    heads = ("tensorflow", "tensorflow-gpu", "nvidia-tensorflow")
    return (
        any(p["name"] in heads and p["version"].startswith("1.") for p in plan["pins"])
        or "1.15." in str(plan["image"])
        or "-tf1-" in str(plan["image"])
    )


def routes_of(plan: Plan, asked: Question) -> list[tf1.Route]:
    gpus = list(asked.gpus)
    found = [
        tf1.from_pin(p["name"], p["version"], gpus, plan["via"] == "conda")
        for p in plan["pins"]
        if p["version"].startswith("1.15")
    ]
    if plan["image"] and "tensorflow" in plan["image"]:
        found = [tf1.from_image(plan["image"], gpus, asked.windows)]
    return [route for route in found if route]


def floor_of(plan: Plan, asked: Question, builds: list[Build]) -> Version | None:
    """The largest floor of what is pinned, or None where something does not serve."""
    gpus = list(asked.gpus)
    if first_framework(plan):
        needs = [route.minimum for route in routes_of(plan, asked)]
    else:
        needs = [rules.needed(b, gpus, asked.windows) for b in builds]
    return None if None in needs or not needs else max(n for n in needs if n)


def driver_violations(plan: Plan, asked: Question, builds: list[Build]) -> Iterator[str]:
    said, gpus = plan["driver"], list(asked.gpus)
    action = said["action"]
    if not gpus:
        if action != "none":
            yield f"driver-branch: {action} on a plan without GPUs"
        return
    need = floor_of(plan, asked, builds)
    if action == "none" or need is None:
        yield (
            f"driver-branch: action {action} on a machine with GPUs"
            if action == "none"
            else "driver: no floor"
        )
        return
    current = rules.driver(asked.driver) if asked.driver and asked.driver != "none" else None
    if action == "keep":
        if current is None or current < need:
            yield f"driver-too-low: keeps {asked.driver}, the pins need {need}"
        if current and not asked.windows and not rules.drives(current.major, gpus):
            yield f"driver-branch: {current} does not drive {gpus}"
        return
    if asked.windows and action in ("install", "upgrade"):
        yield "driver-branch: the driver of Windows cannot be installed from WSL"
    minimum = rules.driver(said["minimum"] or "")
    if minimum is None or minimum < need:
        yield f"driver-too-low: minimum {said['minimum']}, the pins need {need}"
    if not asked.windows:  # the branches and kernel modules of Linux do not count there
        yield from _branch(said, action, need, asked)


def _branch(said: dict[str, Any], action: str, need: Version, asked: Question) -> Iterator[str]:
    gpus = list(asked.gpus)
    if said["branch"] is None:
        if action in ("install", "upgrade"):
            yield "driver-branch: nothing to install is named"
        return
    branch = int(str(said["branch"]).split("-")[0])
    if not rules.drives(branch, gpus) or branch < need.major:
        yield f"driver-branch: {branch} does not drive {gpus} at {need}"
    packaged = rules.ubuntu_branches(asked.ubuntu, gpus) if asked.ubuntu else {branch}
    if action in ("install", "upgrade") and branch not in packaged:
        yield f"driver-branch: {branch} is no real package on Ubuntu {asked.ubuntu}"
    if said["flavour"] != rules.flavour(branch, gpus):
        yield f"driver-flavour: {said['flavour']} of {branch} for {gpus}"
