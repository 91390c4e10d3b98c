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


def spelled(asked: Iterable[str]) -> frozenset[str]:
    """Return requirements in one spelling; what is none stays as it stands."""
    return frozenset(map(_spelled, asked))


def _spelled(text: str) -> str:
    try:
        read = Requirement(text)
    except InvalidRequirement:
        return text
    name = re.sub(r"[-_.]+", "-", read.name).lower()
    extras = ",".join(sorted(read.extras))
    return f"{name}[{extras}]{read.specifier} @ {read.url or ''} ; {read.marker or ''}"


def package(spec: str) -> tuple[str, str, str]:
    """Return name, version and build of a conda spec such as ``cudnn=7.6.5`` or ``a=1=b_0``."""
    name, version, build = (*spec.partition("::")[2 if "::" in spec else 0].split("="), "", "")[:3]
    return name, version, build
