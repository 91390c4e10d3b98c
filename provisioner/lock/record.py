"""What a lock was made for: written into it under ``[tool.dlsetup]``, and read back.

Only what decides whether the lock fits: no path, no clock, nothing of a machine that a plan does
not rely on.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping

import msgspec

from provisioner import toml
from provisioner.errors import UsageError
from provisioner.lock.uv import Target
from provisioner.machine import Machine
from provisioner.plan import Plan, digest

# A default is left out only where it is the very same text, and what was read from a file is
# another: such texts are interned below.


class LockedPin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One pin of the plan: which build of which version, and where it comes from."""

    name: str
    version: str
    variant: str = "default"
    index: str | None = None
    """As the catalog names it, not a mirror of it."""


class LockedFor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The machine that a lock was made for, as far as the plan relies on it."""

    os: str
    arch: str
    libc: str | None = None
    gpus: tuple[str, ...] = ()
    """Each with its compute capability or target: ``NVIDIA GeForce RTX 3090 8.6``."""
    driver: str | None = None
    driver_minimum: str | None = None
    driver_action: str = "none"
    cpu_was_asked_for: bool = False
    """No GPU is used because somebody said so."""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The table ``[tool.dlsetup]`` of a lock."""

    plan: str
    """The digest of what was planned; see ``plan.digest``."""
    requested: tuple[str, ...]
    companions: tuple[str, ...] = ()
    python: str
    platform: str
    accelerator: str
    pins: tuple[LockedPin, ...] = ()
    machine: LockedFor


def record_of(plan: Plan, target: Target) -> Record:
    """What a lock of a plan says about itself."""
    return Record(
        plan=digest(plan),
        requested=plan.request.requirements,
        companions=plan.request.companions,
        python=target.python,
        platform=target.platform,
        accelerator=plan.accelerator,
        pins=_pins(plan),
        machine=locked_for(plan.machine, plan),
    )


def locked_for(machine: Machine, plan: Plan) -> LockedFor:
    """The facts of a machine that a plan relies on."""
    driver = machine.driver.version if machine.driver else None
    return LockedFor(
        os=machine.os_name,
        arch=machine.arch,
        libc=machine.os.libc,
        gpus=gpus_of(machine),
        driver=driver,
        driver_minimum=plan.driver.minimum,
        driver_action=sys.intern(plan.driver.action),
        cpu_was_asked_for=not machine.gpus and machine.sources.get("gpus") in {"option", "env"},
    )


def gpus_of(machine: Machine) -> tuple[str, ...]:
    """The GPUs of a machine, each with its compute capability or target."""
    return tuple(
        f"{gpu.name} {gpu.compute_capability or gpu.architecture or ''}".strip()
        for gpu in machine.gpus
    )


def tables(record: Record) -> Mapping[str, object]:
    """The record as the tables of the file, by their names."""
    plain = msgspec.to_builtins(record)
    machine = plain.pop("machine")
    return {"tool.dlsetup": plain, "tool.dlsetup.machine": machine}


def read(text: str, place: str) -> Record:
    """Read the record of a lock.

    Raises UsageError ``bad-lock-file`` for what is no lock, or none that dlsetup made.
    """
    try:
        tool = toml.parse(text).get("tool", {})
        found = msgspec.convert(tool["dlsetup"], Record)
    except KeyError:
        raise bad(place, "it has no [tool.dlsetup]: dlsetup did not make it") from None
    except (ValueError, AttributeError, TypeError) as error:
        raise bad(place, re.sub(r"\s+", " ", str(error))[:200]) from None
    return found


def _pins(plan: Plan) -> tuple[LockedPin, ...]:
    return tuple(
        LockedPin(
            name=pin.name, version=pin.version, variant=sys.intern(pin.variant), index=pin.index
        )
        for pin in plan.pins
    )


def bad(place: str, *reasons: str) -> UsageError:
    """The error for a file that is no lock of dlsetup's making."""
    return UsageError(
        "bad-lock-file",
        f"{place} is not a lock of dlsetup.",
        context=reasons,
        hint="Make one with: dlsetup lock REQ",
    )
