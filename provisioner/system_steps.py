"""The conductor of what needs root: what a plan asks of the system, its run, and its undoing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from provisioner import resources, workflow
from provisioner.environments import interpreter, store
from provisioner.errors import OutsideError, RefusedError
from provisioner.plan import Plan
from provisioner.progress import Progress

if TYPE_CHECKING:
    from provisioner.apply.part import Part
    from provisioner.apply.record import Change
    from provisioner.apply.undo import Undo


def needed(name: str, plan: Plan) -> Part | None:
    """Return what a plan asks of the system beside an environment; None where it asks nothing.

    Nothing is written. Raises RefusedError ``needs-system-steps`` and ``format-cannot-carry`` for
    what dlsetup cannot do here.
    """
    from provisioner.apply.part import part_of

    return part_of(plan, name, workflow.catalog(), resources.system_changes())


def possible(name: str, plan: Plan, *, offline: bool) -> None:
    """Say at once why what a plan asks of the system cannot be done now.

    Raises RefusedError ``reboot-needed`` where it was done and only that is left, and
    ``needs-network`` where that must not be used.
    """
    from provisioner.apply import run

    part = needed(name, plan)
    if part is not None and run.awaits_reboot(part):
        raise run.reboot_needed()
    if part is not None and offline:
        raise RefusedError(
            "needs-network",
            f"{part.driver} has to be installed, and that takes the network.",
            hint="Leave out --offline; or compute on the CPU: --gpu none",
        )


def laid_out(part: Part) -> None:
    """Put the script where it can be read, and run by hand. Raises ``place-not-writable``."""
    from provisioner.apply import run

    run.saved(part.path, part.script)


def carried_out(part: Part, tell: Progress) -> None:
    """Run what was agreed to as root, for which sudo may ask, and record it.

    Raises RefusedError ``needs-root``, and what ``apply.run.carried_out`` does.
    """
    from provisioner.apply import run

    run.root_given(part.path)
    run.carried_out(part, tell)


def fulfilled(part: Part | None) -> None:
    """See that a plan made after all was done asks for nothing more.

    Raises OutsideError ``system-steps-failed``.
    """
    if part is not None:
        raise OutsideError(
            "system-steps-failed",
            f"{part.driver} was seen to, and the driver is still not one that the plan can use.",
            context=(f"the script: {part.path}",),
            hint="See what runs here: dlsetup detect",
        )


def left_to_up(intent_system: Part | None, name: str) -> None:
    """Refuse where only ``up`` sees to the system. Raises RefusedError ``needs-root``."""
    if intent_system is not None:
        raise RefusedError(
            "needs-root",
            f"The new plan of {name} needs {intent_system.driver}, and only up installs a driver.",
            hint=f"Give the request to up: dlsetup up {name} REQ",
        )


def changes() -> tuple[Change, ...]:
    """Return what was done to the system and is still so, oldest first. Raises OutsideError."""
    from provisioner.apply import packages, record
    from provisioner.apply.changes import settled

    known = record.read()
    return settled(known, packages.snapshot()).changes if known.changes else ()


def left_behind() -> bool:
    """Whether the record holds anything that could be taken back. Raises OutsideError."""
    from provisioner.apply import record

    return any(change.installed or change.removed for change in record.read().changes)


def taken_back() -> Undo:
    """Return what could be taken back now; nothing is written.

    Raises RefusedError ``system-in-use`` while an environment computes with the driver or stands
    on a Python that would go, OutsideError where the package manager does not answer.
    """
    from provisioner.apply.undo import undo_of

    undo = undo_of(workflow.this_machine()[0])
    users = tuple(_users(undo)) if undo.packages else ()
    if users:
        raise RefusedError(
            "system-in-use",
            "What was installed is used by environments.",
            context=users,
            hint="Remove those first: dlsetup env remove NAME",
        )
    return undo


def take_back(undo: Undo, agree: Callable[[Undo], None], tell: Progress) -> None:
    """Put the script where it can be read, have it agreed to, and run it.

    Raises what ``agree`` and ``apply.undo.undone`` raise.
    """
    from provisioner.apply import run
    from provisioner.apply.undo import undone

    run.saved(undo.path, undo.script)
    agree(undo)
    run.root_given(undo.path)
    undone(undo, tell)


def _users(undo: Undo) -> Iterator[str]:
    """The environments that would not work any more, and why."""
    from provisioner.apply import packages

    for made in store.listed()[0]:
        python = os.path.realpath(interpreter.inside(Path(made.path)))
        if undo.driver and made.plan.accelerator == "cuda":
            yield f"{made.name}  computes with the driver {undo.driver}"
        elif packages.owner(python) in undo.packages:
            yield f"{made.name}  stands on {python}"
