"""Back to a generation that was kept: a switch of the pointer, and nothing is made."""

from __future__ import annotations

from pathlib import Path

from provisioner import process
from provisioner.environments import generations, interpreter, store
from provisioner.environments.hold import held
from provisioner.environments.place import not_writable
from provisioner.environments.record import Environment, Pointer
from provisioner.errors import OutsideError, RefusedError, UsageError

_TIME_LIMIT_S = 60.0
_IS_INSIDE = (
    "import os, sys; sys.exit(os.path.realpath(sys.prefix) != os.path.realpath(sys.argv[1]))"
)


def rolled_back(name: str, number: int | None) -> tuple[Environment, bool]:
    """Switch to a generation, to the one of before if none is named; say whether that changed it.

    Raises what ``store.found`` does, RefusedError ``environment-busy`` and
    ``no-earlier-generation``, UsageError ``unknown-generation``, OutsideError
    ``generation-damaged``; the environment stays what it was then.
    """
    store.pointer(name)
    with held(name) as folder:
        pointer = store.pointer(name)
        target = number or pointer.before
        if target is None:
            raise _nothing_kept(pointer)
        if target == pointer.generation:
            return store.environment(pointer), False
        if target not in generations.whole(folder):
            raise _unknown(folder, target)
        _check(folder / str(target))
        try:
            after = store.switched(folder, pointer, target, "rollback")
        except OSError as error:
            raise not_writable(folder, error) from error
        return store.environment(after), True


def _check(place: Path) -> None:
    """Raise OutsideError unless the Python of a generation runs, and its plan can be read."""
    python = str(interpreter.inside(place))
    lost = interpreter.lost(place)
    if lost is not None:
        raise _damaged(place, lost)
    try:
        generations.plan_of(place)
        done = process.run([python, "-I", "-c", _IS_INSIDE, str(place)], timeout=_TIME_LIMIT_S)
    except (ValueError, OutsideError) as error:
        raise _damaged(place, str(error)) from error
    if done.returncode:
        raise _damaged(place, f"its Python does not run: {python}")


def _nothing_kept(pointer: Pointer) -> RefusedError:
    return RefusedError(
        "no-earlier-generation",
        f"There is nothing to go back to: generation {pointer.generation} of {pointer.name} is "
        "the only one.",
        hint="A generation is kept when up or env upgrade makes the next one.",
    )


def _unknown(folder: Path, number: int) -> UsageError:
    there = ", ".join(map(str, generations.whole(folder)))
    return UsageError(
        "unknown-generation",
        f"There is no generation {number} of {folder.name}.",
        context=(f"there is {there}",),
        hint=f"Name one of: dlsetup env show {folder.name}",
    )


def _damaged(place: Path, reason: str) -> OutsideError:
    return OutsideError(
        "generation-damaged",
        f"Generation {place.name} of {place.parent.name} is damaged; nothing was switched.",
        context=(reason,),
        hint="Make what it held anew with dlsetup up.",
    )
