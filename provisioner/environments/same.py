"""What an environment is to be, and whether a generation is just that already."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from provisioner.environments import generations, interpreter
from provisioner.environments.record import Generation
from provisioner.errors import OutsideError
from provisioner.lock import pylock
from provisioner.plan import Plan, digest


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What an environment is to be."""

    name: str
    plan: Plan
    lock: str
    """The text of its ``pylock.toml``."""
    gpus: tuple[str, ...] | None = None
    """The UUIDs of the GPUs it may use; None is all that there are."""
    asked: Mapping[str, Any] = {}
    """What was typed for it, so that it can be asked anew."""
    planned: str = ""
    """What the plan came to before its lock; see ``sign``."""


def is_so(place: Path, wanted: Wanted) -> bool:
    """Whether a generation is what is wanted, and looks as it was made; see ``harm_of``."""
    return is_meant(place, wanted) and harm_of(place) is None


def is_meant(place: Path, wanted: Wanted) -> bool:
    """Whether a generation was made to be what is wanted."""
    try:
        about, was = generations.about_of(place), generations.plan_of(place)
        lock = pylock.read(generations.lock_text(place))
    except (OSError, ValueError, OutsideError):
        return False
    return (
        _sees(about, was) == _sees(wanted, wanted.plan)
        # Not the whole text: that also says under which driver it was made.
        and lock == pylock.read(wanted.lock)
        and _installs(was) == _installs(wanted.plan)
    )


def harm_of(place: Path) -> str | None:
    """Return what can be seen at a glance to have been changed in a whole generation.

    Looked at are its interpreter, which packages' metadata is there, and whether every folder and
    module that lay beside it is there still; what is inside of those is for ``verify``.
    """
    if (lost := interpreter.lost(place)) is not None:
        return lost
    about, now = generations.about_of(place), set(holds(place))
    made = set(about.holds)
    told = [f"lacks {name}" for name in sorted({*made, *about.lies} - {*now, *lies(place)})]
    told += [f"holds {name}, which was not made with it" for name in sorted(now - made)]
    return f"it {told[0]}" + (", and more" if told[1:] else "") if told else None


def sign(plan: Plan) -> str:
    """Return a short name for what a plan comes to: what is installed, and how it is proved."""
    told = (digest(plan), _installs(plan))
    return sha256(msgspec.json.encode(told)).hexdigest()[:16]


def holds(place: Path) -> tuple[str, ...]:
    """Return what is installed, by the folder names of the packages' metadata."""
    return tuple(sorted(path.name for path in place.glob("lib/*/site-packages/*.dist-info")))


def lies(place: Path) -> tuple[str, ...]:
    """Return what lies where Python looks for packages, and what in folders that are no package.

    Packages share such folders, as those below ``nvidia`` are.
    """
    found = []
    for entry in _entries(*place.glob("lib/*/site-packages")):
        found.append(entry.name)
        if _is_shared(entry):
            found += [f"{entry.name}/{inner.name}" for inner in _entries(entry.path)]
    return tuple(sorted(found))


def _is_shared(entry: os.DirEntry[str]) -> bool:
    is_package = os.path.exists(os.path.join(entry.path, "__init__.py"))
    return entry.is_dir() and not is_package and not entry.name.endswith(".dist-info")


def _entries(*folders: str | Path) -> Iterator[os.DirEntry[str]]:
    for folder in folders:
        # What cannot be looked into counts as gone.
        with contextlib.suppress(OSError), os.scandir(folder) as found:
            # What Python writes when it runs is not what was installed.
            yield from (entry for entry in found if entry.name != "__pycache__")


def _sees(made_for: Generation | Wanted, plan: Plan) -> tuple[str, ...] | None:
    """The GPUs it may use: on a machine without any, all of them are none of them."""
    return () if made_for.gpus is None and not plan.machine.gpus else made_for.gpus


def _installs(plan: Plan) -> tuple[object, ...]:
    """What of a plan decides what is installed, and how it is proved."""
    verified = tuple(step for step in plan.steps if step.id == "verification")
    pins = tuple((pin.name, pin.version, pin.variant, pin.index) for pin in plan.pins)
    return (plan.python, plan.accelerator, pins, verified)
