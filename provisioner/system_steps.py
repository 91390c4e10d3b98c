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

Agree = Callable[["Part"], None]
"""Shows what is to be done as root; raises where that is not agreed to."""


def needed(name: str, plan: Plan) -> Part | None:
    """Return what a plan asks of the system beside an environment; None where it asks nothing.

    Nothing is written. Raises RefusedError ``needs-system-steps`` and ``format-cannot-carry`` for
    what dlsetup cannot do here.
    """
    from provisioner.apply.part import part_of

    return part_of(plan, name, workflow.catalog(), resources.system_changes())


def agreed(part: Part, agree: Agree, *, offline: bool) -> None:
    """Put the script where it can be read and run, have it agreed to, and root given.

    Raises RefusedError ``reboot-needed`` where it was run and only that is left, ``needs-network``
    where that must not be used, ``needs-root``, and what ``agree`` raises.
    """
    from provisioner.apply import run

    if run.awaits_reboot(part):
        raise run.reboot_needed()
    if offline:
        raise RefusedError(
            "needs-network",
            f"{part.driver} has to be installed, and that takes the network.",
            hint="Leave out --offline; or compute on the CPU: --gpu none",
        )
    run.saved(part.path, part.script)
    agree(part)
    run.root_given(part.path)


def refused(part: Part) -> None:
    """Agree to nothing, where nobody can be asked. Raises RefusedError ``needs-root``."""
    from provisioner.apply import run

    raise run.needs_root("there is no terminal to ask at", part.path)


def left_to_up(part: Part) -> None:
    """Refuse for a verb that does nothing as root. Raises RefusedError ``needs-root``."""
    from provisioner.apply import run

    run.saved(part.path, part.script)
    raise run.needs_root("only dlsetup up asks for that", part.path)


def carried_out(part: Part, tell: Progress) -> None:
    """Run what was agreed to, and record it. Raises what ``apply.run.carried_out`` does."""
    from provisioner.apply import run

    run.carried_out(part, tell)


def still_needed(part: Part) -> OutsideError:
    """Return the error for a driver that no look at the machine finds after all was done."""
    return OutsideError(
        "system-steps-failed",
        f"{part.driver} was seen to, and the driver is still not one that the plan can use.",
        context=(f"the script: {part.path}",),
        hint="See what runs here: dlsetup detect",
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
