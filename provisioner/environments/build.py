"""An environment made whole or not at all: a new generation, proved before anything names it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from provisioner.environments import interpreter, journal, store
from provisioner.environments.place import not_writable
from provisioner.environments.proof import prove
from provisioner.environments.record import BEING_MADE, Environment, Generation, Pointer
from provisioner.errors import OutsideError
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


def made(folder: Path, wanted: Wanted, uv: Uv, tell: Progress) -> tuple[Environment, bool]:
    """Return the environment, and whether anything had to change for it.

    ``folder`` is what ``hold.held`` gave for its name, and ``store.own`` found to be ours.
    ``tell`` hears what takes long. A failure leaves things as they were: no environment, or the
    one of before. Raises RefusedError ``environment-not-verified``, OutsideError
    ``python-not-found``, ``disk-full`` and ``place-not-writable``, and what Uv raises.
    """
    before = store.own(folder)
    if before is not None and _is_so(folder, before, wanted):
        return store.environment(before), False
    _need_room(folder, wanted.plan)
    after = _next(folder, before, wanted, uv, tell)
    store.drop(folder, keep=(after.generation, after.before))
    return store.environment(after), True


def _is_so(folder: Path, pointer: Pointer, wanted: Wanted) -> bool:
    """Whether an environment is already what is wanted, and nobody changed it since."""
    place = folder / str(pointer.generation)
    try:
        about, was = store.about_of(place), store.plan_of(place)
        lock = pylock.read((place / store.LOCK).read_text(encoding="utf-8"))
    except (OSError, ValueError, OutsideError):
        return False
    return (
        about.gpus == wanted.gpus
        # Not the whole text: that also says under which driver it was made.
        and lock == pylock.read(wanted.lock)
        and _installs(was) == _installs(wanted.plan)
        and os.access(interpreter.inside(place), os.X_OK)
        and _held_by(place) == about.holds
    )


def _installs(plan: Plan) -> tuple[object, ...]:
    """What of a plan decides what is installed, and how it is proved."""
    verified = tuple(step for step in plan.steps if step.id == "verification")
    pins = tuple((pin.name, pin.version, pin.variant, pin.index) for pin in plan.pins)
    return (plan.python, plan.accelerator, pins, verified)


def _next(folder: Path, before: Pointer | None, wanted: Wanted, uv: Uv, tell: Progress) -> Pointer:
    """Make the next generation, and switch to it."""
    earlier = before.generation if before else BEING_MADE
    with _undone(folder, before):
        if before is None:
            store.point(folder, Pointer(name=wanted.name))
        # What a run that was killed left behind.
        store.drop(folder, keep=_kept(before))
        number = max((*store.generations(folder), earlier)) + 1
        _built(folder, number, wanted, uv, tell)
        after = Pointer(name=wanted.name, generation=number, before=earlier or None)
        with journal.step(folder, number, "switch"):
            store.point(folder, after)
    return after


@contextlib.contextmanager
def _undone(folder: Path, before: Pointer | None) -> Iterator[None]:
    """Whatever goes wrong inside, Ctrl-C too, leaves the folder as it was."""
    try:
        yield
    except BaseException as error:
        store.drop(folder, keep=_kept(before))
        if before is None or before.generation == BEING_MADE:
            store.forget(folder)
        if isinstance(error, OSError):
            raise not_writable(folder, error) from error
        raise


def _kept(before: Pointer | None) -> tuple[int | None, ...]:
    return (before.generation, before.before) if before else ()


def _built(folder: Path, number: int, wanted: Wanted, uv: Uv, tell: Progress) -> None:
    """Make one generation and prove it; from then on it is whole."""
    plan, new = wanted.plan, folder / str(number)
    with journal.step(folder, number, "python", plan.python):
        tell.step(f"making an environment with Python {plan.python} in {new}")
        _make(new, plan, uv)
    with journal.step(folder, number, "packages"):
        lock = new / store.LOCK
        lock.write_text(wanted.lock, encoding="utf-8")
        (new / store.PLAN).write_bytes(msgspec.json.format(msgspec.json.encode(plan), indent=2))
        tell.step("installing the packages of the lock")
        uv.sync(new, lock, sources_of(plan, uv.settings))
    with journal.step(folder, number, "proof"):
        tell.step("proving that it works")
        notes = prove(interpreter.inside(new), plan, wanted.gpus)
        store.finish(
            new,
            Generation(python=plan.python, gpus=wanted.gpus, notes=notes, holds=_held_by(new)),
        )


def _make(folder: Path, plan: Plan, uv: Uv) -> None:
    found = interpreter.base(plan)
    try:
        uv.make_environment(folder, found or plan.python)
    except OutsideError as error:
        if found is not None:
            raise
        raise OutsideError(
            "python-not-found",
            f"The plan needs Python {plan.python}: none runs here, and uv could not get one.",
            context=error.context,
            hint=f"Install Python {plan.python}, or ask for another with --python.",
        ) from error


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
