"""An environment made whole or not at all: a new generation, proved before anything names it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from provisioner.environments import interpreter, standing, store
from provisioner.environments.proof import prove
from provisioner.environments.record import BEING_MADE, Environment, Record
from provisioner.errors import OutsideError, RefusedError
from provisioner.lock import pylock
from provisioner.lock.sources import sources_of
from provisioner.lock.uv import Uv
from provisioner.plan import Plan
from provisioner.progress import Progress


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What an environment is to be."""

    name: str
    plan: Plan
    lock: str
    """The text of its ``pylock.toml``."""
    gpus: tuple[str, ...] | None = None
    """The UUIDs of the GPUs it may use; None is all that there are."""


def made(wanted: Wanted, uv: Uv, tell: Progress) -> tuple[Environment, bool]:
    """Return the environment, and whether anything had to change for it.

    ``tell`` hears what takes long. A failure leaves things as they were: no environment, or the
    one of before. Raises RefusedError ``environment-not-verified``, ``environment-busy`` or
    ``place-taken``, OutsideError ``python-not-found``, ``disk-full`` and ``place-not-writable``,
    and what Uv raises.
    """
    with store.held(wanted.name) as folder:
        before = _record(folder)
        if before is not None and _is_so(before, wanted):
            return store.environment(before), False
        _need_room(folder, wanted.plan)
        after = _next(folder, before, wanted, uv, tell)
        store.dropped(folder, keep=after.generation)
        return store.environment(after), True


def _record(folder: Path) -> Record | None:
    record = store.record_of(folder)
    if record is None and set(folder.iterdir()) - set(store.drafts(folder)):
        raise RefusedError(
            "place-taken",
            f"{folder} holds something that dlsetup did not make.",
            hint="Move it away, or take another name.",
        )
    return record


def _is_so(record: Record, wanted: Wanted) -> bool:
    """Whether an environment is already what is wanted, and nobody changed it since."""
    if not record.verified or record.gpus != wanted.gpus:
        return False
    folder = store.generation(record.name, record.generation)
    try:
        was = store.environment(record).plan
        lock = pylock.read((folder / store.LOCK).read_text(encoding="utf-8"))
    except (OSError, ValueError, OutsideError):
        return False
    return (
        # Not the whole text: that also says under which driver it was made.
        lock == pylock.read(wanted.lock)
        and _installs(was) == _installs(wanted.plan)
        and os.access(interpreter.inside(folder), os.X_OK)
        and _held_by(folder) == record.holds
    )


def _installs(plan: Plan) -> tuple[object, ...]:
    """What of a plan decides what is installed, and how it is proved."""
    verified = tuple(step for step in plan.steps if step.id == "verification")
    pins = tuple((pin.name, pin.version, pin.variant, pin.index) for pin in plan.pins)
    return (plan.python, plan.accelerator, pins, verified)


def _next(folder: Path, before: Record | None, wanted: Wanted, uv: Uv, tell: Progress) -> Record:
    """Make the next generation, and let the record name it."""
    earlier = before.generation if before else BEING_MADE
    with _undone(folder, earlier):
        if earlier == BEING_MADE:
            store.write(Record(name=wanted.name))
        # What a run that was killed left behind.
        store.dropped(folder, keep=earlier)
        new = folder / str(earlier + 1)
        notes = _built(new, wanted, uv, tell)
        after = Record(
            name=wanted.name,
            generation=earlier + 1,
            python=wanted.plan.python,
            verified=True,
            gpus=wanted.gpus,
            notes=notes,
            holds=_held_by(new),
        )
        store.write(after)
    return after


@contextlib.contextmanager
def _undone(folder: Path, earlier: int) -> Iterator[None]:
    """Whatever goes wrong inside, Ctrl-C too, leaves the folder as it was."""
    try:
        yield
    except BaseException as error:
        store.dropped(folder, keep=earlier)
        if earlier == BEING_MADE:
            store.forget(folder)
        if isinstance(error, OSError):
            raise store.not_writable(folder, error) from error
        raise


def _built(folder: Path, wanted: Wanted, uv: Uv, tell: Progress) -> tuple[str, ...]:
    """Make one generation and prove it; return what was noted of it."""
    plan = wanted.plan
    tell.step(f"making an environment with Python {plan.python} in {folder}")
    standing.make_environment(folder, plan, uv, tell)
    lock = folder / store.LOCK
    lock.write_text(wanted.lock, encoding="utf-8")
    (folder / store.PLAN).write_bytes(msgspec.json.format(msgspec.json.encode(plan), indent=2))
    tell.step("installing the packages of the lock")
    uv.sync(folder, lock, sources_of(plan, uv.settings))
    tell.step("proving that it works")
    return prove(interpreter.inside(folder), plan, wanted.gpus)


def _held_by(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in folder.glob("lib/*/site-packages/*.dist-info")))


def _need_room(folder: Path, plan: Plan) -> None:
    free = shutil.disk_usage(folder).free
    if plan.disk_bytes and free < plan.disk_bytes:
        raise OutsideError(
            "disk-full",
            f"{folder} has too little room.",
            context=(f"needed {plan.disk_bytes} bytes", f"free   {free} bytes"),
            hint="Make room, or set DLSETUP_HOME to a folder on another disk.",
        )
