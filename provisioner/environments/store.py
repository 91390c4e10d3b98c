"""The environments' folders: found, read, pointed at a generation, removed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from provisioner import saved
from provisioner.environments import again, generations, interpreter, journal
from provisioner.environments.generations import LOCK
from provisioner.environments.hold import held, taken
from provisioner.environments.place import damaged, names, not_writable, place
from provisioner.environments.record import BEING_MADE, Environment, Pointer, Verify
from provisioner.errors import OutsideError, UsageError
from provisioner.plan import Warning
from provisioner.whole_file import put

POINTER = "environment.json"


def found(name: str) -> Environment:
    """Return the environment of that name.

    Raises UsageError ``bad-name`` or ``unknown-environment``, OutsideError
    ``environment-damaged``.
    """
    return environment(pointer(name))


def usable(name: str) -> Environment:
    """Return the environment of that name, where its interpreter is still there.

    Without one a program would run with the system's own Python. Raises as ``found`` does.
    """
    environment = found(name)
    lost = interpreter.lost(Path(environment.path))
    if lost is not None:
        raise damaged(name, lost, again.command(environment))
    return environment


def damage(environment: Environment) -> tuple[Warning, ...]:
    """Return what keeps an environment from being used, and how it is mended."""
    lost = interpreter.lost(Path(environment.path))
    if lost is None:
        return ()
    told = f"{environment.name} is damaged: {lost}; make it anew: "
    return (Warning("environment-damaged", told + again.command(environment)),)


def listed() -> tuple[tuple[Environment, ...], tuple[Warning, ...]]:
    """Return all environments in the order of their names; a damaged one becomes a warning."""
    environments: list[Environment] = []
    warnings: list[Warning] = []
    for name in names():
        with _damage_told(warnings):
            pointer = pointer_of(place(name))
            if pointer is not None and pointer.stands:
                environments.append(environment(pointer))
                warnings += damage(environments[-1])
    return tuple(environments), tuple(warnings)


def unfinished() -> tuple[str, ...]:
    """Return the names under which ``up`` began, and came to no environment yet, in order."""
    found = []
    for name in names():
        with contextlib.suppress(OutsideError):  # that one is listed as damaged
            pointer = pointer_of(place(name))
            if pointer is not None and not pointer.stands:
                found.append(name)
    return tuple(found)


@contextlib.contextmanager
def _damage_told(warnings: list[Warning]) -> Iterator[None]:
    try:
        yield
    except OutsideError as error:
        warnings.append(Warning(error.reference, error.message))


def environment(pointer: Pointer) -> Environment:
    """Return what a pointer leads to. Raises OutsideError ``environment-damaged``."""
    folder = place(pointer.name)
    current = folder / str(pointer.generation)
    try:
        about = generations.about_of(current)
        plan = generations.plan_of(current)
    except ValueError as error:
        raise damaged(pointer.name, str(error)) from error
    last = journal.last_verify(folder, pointer.generation)
    return Environment(
        name=pointer.name,
        path=str(current),
        python=about.python,
        plan=plan,
        lock=str(current / LOCK),
        generation=pointer.generation,
        verified=last is None or last.state == "done",
        gpus=about.gpus,
        notes=about.notes,
        last_verify=Verify(last.time, "pass" if last.state == "done" else "fail") if last else None,
        kept=generations.whole(folder),
        size=about.size,
    )


def pointer(name: str) -> Pointer:
    """Return what the environment of that name points at. Raises as ``found`` does."""
    pointer = pointer_of(place(name))
    if pointer is None or not pointer.stands:
        raise _unknown(name, pointer)
    return pointer


def pointer_of(folder: Path) -> Pointer | None:
    """Return what a folder points at, or None where ``up`` made nothing.

    A link is never followed: what it leads to is somebody else's. Raises OutsideError
    ``environment-damaged``.
    """
    if not has_pointer(folder):
        return None
    try:
        pointer = saved.kept_value(folder / POINTER, "pointer", Pointer)
    except ValueError as error:
        raise damaged(folder.name, f"{POINTER}: {error}") from error
    return pointer if pointer.name == folder.name else None


def standing(folder: Path) -> Environment | None:
    """Return the environment in a folder; None where there is none, or one that is damaged."""
    try:
        pointer = pointer_of(folder)
        return environment(pointer) if pointer and pointer.stands else None
    except OutsideError:
        return None


def own(folder: Path, *, mend: bool = True) -> Pointer | None:
    """Return what a folder points at that is held, or None where nothing is in it yet.

    A pointer that cannot be read is mended: it leads to the newest generation that is whole.
    Raises RefusedError ``place-taken`` where something else made the folder.
    """
    try:
        pointer = pointer_of(folder)
    except OutsideError:
        newest = max(generations.whole(folder), default=BEING_MADE)
        pointer = Pointer(name=folder.name, generation=newest)
        if mend:
            point(folder, pointer)
    if pointer is None and set(folder.iterdir()) - set(_drafts(folder)):
        raise taken(folder)
    return pointer


def has_pointer(folder: Path) -> bool:
    """Whether a folder has a pointer, be it one that can be read or not."""
    pointer = folder / POINTER
    return not (folder.is_symlink() or pointer.is_symlink()) and pointer.is_file()


def point(folder: Path, pointer: Pointer) -> None:
    """Switch an environment, whole or not at all: from then on that generation counts."""
    sweep_drafts(folder)
    put(folder / POINTER, generations.text(pointer))


def switched(
    folder: Path,
    before: Pointer | None,
    number: int,
    step: str = "switch",
    *,
    asked: Mapping[str, Any] | None = None,
) -> Pointer:
    """Switch to a generation, and keep the one of before; return what is pointed at now.

    ``asked`` is what was typed, where that is not what the generation was made for.
    """
    earlier = before.generation if before else BEING_MADE
    kept = (earlier, before.before if before else None)
    others = [other for other in kept if other != number and other in generations.whole(folder)]
    earlier_one = next(iter(others), None)
    after = Pointer(name=folder.name, generation=number, before=earlier_one, asked=asked)
    with journal.step(folder, number, step):
        point(folder, after)
    return after


def sweep_drafts(folder: Path) -> None:
    """Remove the pointers that a killed run had not written to their end."""
    for draft in _drafts(folder):
        draft.unlink(missing_ok=True)


def forget(folder: Path) -> None:
    """Take away what marks a folder as an environment; the mark itself last."""
    sweep_drafts(folder)
    for name in (journal.JOURNAL, POINTER):
        with contextlib.suppress(IsADirectoryError):  # that is somebody else's, and stays
            (folder / name).unlink(missing_ok=True)


def known(name: str) -> None:
    """Raise UsageError ``unknown-environment`` where no folder of that name has a pointer."""
    if not has_pointer(place(name)):
        raise _unknown(name)


def removed(name: str, first: Callable[[str], None]) -> tuple[str, ...]:
    """Remove what ``up`` made under a name; return the names of what others put beside it.

    Those stay, and a link is never followed. ``first`` takes away what goes along with it, while
    the name is held. Raises UsageError ``unknown-environment``, RefusedError
    ``environment-busy``, OutsideError ``place-not-writable``, and what ``first`` raises.
    """
    known(name)
    with held(name) as folder:
        with contextlib.suppress(OutsideError):  # one that cannot be read is removed all the same
            if pointer_of(folder) is None:
                raise _unknown(name)
        first(name)
        try:
            # First it stops being an environment, so that half of one is never taken for it.
            point(folder, Pointer(name=name, being_removed=True))
            generations.drop(folder)
            forget(folder)
        except OSError as error:
            raise not_writable(folder, error) from error
        return tuple(sorted(entry.name for entry in folder.iterdir()))


def _drafts(folder: Path) -> list[Path]:
    return sorted(folder.glob(f".{POINTER}.*"))


def _unknown(name: str, begun: Pointer | None = None) -> UsageError:
    known = ", ".join(made.name for made in listed()[0])
    told = []
    if begun is not None and begun.being_removed:
        told = [f"its removal was cut off, and this ends it: dlsetup env remove {name}"]
    elif begun is not None and begun.name == name:
        told = ["its making was cut off, and the same dlsetup up goes on with it"]
    told += [f"there is {known}"] if known else []
    return UsageError(
        "unknown-environment",
        f"There is no environment {name}.",
        context=tuple(told),
        hint="Name one of: dlsetup env list; Or make it: dlsetup up NAME REQ",
    )
