"""A generation proved where it lies, its lock beside it."""

from __future__ import annotations

from pathlib import Path

from provisioner.environments.generations import ABOUT, lock_of
from provisioner.plan import Plan
from provisioner.progress import SILENT, Progress
from provisioner.verify.proof import Subject, notes, proved
from provisioner.verify.visible import Sight


def made_at(generation: Path) -> float | None:
    """When a generation was made, in seconds since 1970; None where it is not whole yet."""
    about = generation / ABOUT
    return about.stat().st_mtime if about.exists() else None


def prove(
    interpreter: Path, plan: Plan, gpus: tuple[str, ...] | None, tell: Progress = SILENT
) -> tuple[str, ...]:
    """Prove a generation by its interpreter, as ``verify.proof.proved`` does.

    ``gpus`` are the UUIDs of those that may be used, None for all. Returns what should be known
    of packages that dlsetup did not choose. Raises what that does, and OutsideError
    ``environment-damaged``.
    """
    generation = interpreter.parent.parent
    subject = Subject(
        interpreter=interpreter,
        plan=plan,
        lock=lock_of(generation),
        sight=Sight(gpus),
        is_new=made_at(generation) is None,
        made_at=made_at(generation),
    )
    return notes(proved(subject, tell))
