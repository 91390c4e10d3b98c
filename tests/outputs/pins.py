"""What an environment pins: as a plan says it, and in one spelling for all formats."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement

from provisioner.plan import Plan


class Pins(NamedTuple):
    """One environment."""

    wheels: frozenset[str]
    """What pip or uv is asked for, companions and caps too."""
    indexes: frozenset[str]
    packages: frozenset[tuple[str, str, str]]
    """Name, version and build of what conda is asked for, but for Python and pip."""
    python: str | None
    """None where it is the image's own."""
    image: str | None
    """The image that holds the frameworks."""


def planned(plan: Plan) -> Pins:
    """Return what every format has to pin, from the plan's pins and not from its steps."""
    beside = [cap.requirement for cap in plan.constraints] + [*plan.request.companions]
    wheels = [pin for pin in plan.pins if pin.requirement and not pin.channel]
    if plan.via == "container":
        asked = beside if plan.request.companions else []
        return Pins(spelled(asked), frozenset(), frozenset(), None, plan.image)
    return Pins(
        spelled([*(pin.requirement or "" for pin in wheels), *beside]),
        frozenset(pin.index for pin in wheels if pin.index),
        frozenset(package(pin.requirement or "") for pin in plan.pins if pin.channel),
        plan.python,
        None,
    )


Named = frozenset[tuple[str, str]]
"""Names and versions alone, where a format installs nothing."""


def named(plan: Plan) -> Named:
    """Return the pins of a plan by name and version, and its Python."""
    return frozenset({*((pin.name, pin.version) for pin in plan.pins), ("Python", plan.python)})


def without_markers(plan: Plan) -> Pins:
    """Return the pins of a plan as they are for its one machine: every marker holds or does not.

    A table names a package once: one that is bounded is not named again without its bounds.
    """
    pins = planned(plan)
    machine = {
        "python_version": plan.python,
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": plan.machine.arch,
        "extra": "",
    }
    held = []
    for one in map(Requirement, pins.wheels):
        if one.marker is None or one.marker.evaluate(machine):
            one.marker = None
            held.append(one)
    bounded = {one.name for one in held if one.specifier}
    once = (str(one) for one in held if one.specifier or one.url or one.name not in bounded)
    return pins._replace(wheels=spelled(once))


def spelled(asked: Iterable[str]) -> frozenset[str]:
    """Return requirements in one spelling; what is none stays as it stands."""
    return frozenset(map(_spelled, asked))


def _spelled(text: str) -> str:
    try:
        read = Requirement(text)
    except InvalidRequirement:
        return text
    read.name = re.sub(r"[-_.]+", "-", read.name).lower()
    return str(read)


def package(spec: str) -> tuple[str, str, str]:
    """Return name, version and build of a conda spec such as ``cudnn=7.6.5`` or ``a=1=b_0``."""
    name, version, build = (*spec.partition("::")[2 if "::" in spec else 0].split("="), "", "")[:3]
    return name, version, build
