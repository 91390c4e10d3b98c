"""The environments' folders: found, read, pointed at a generation, removed."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from provisioner import saved
from provisioner.environments import interpreter, journal
from provisioner.environments.hold import held, taken
from provisioner.environments.place import damaged, names, place
from provisioner.environments.record import BEING_MADE, Environment, Generation, Pointer
from provisioner.errors import OutsideError, UsageError
from provisioner.plan import Plan, Warning
from provisioner.whole_file import put

POINTER = "environment.json"
ABOUT = "generation.json"
PLAN = "plan.json"
LOCK = "pylock.toml"
_NUMBER = re.compile(r"[1-9][0-9]*")

T = TypeVar("T")


def found(name: str) -> Environment:
    """Return the environment of that name.

    Raises UsageError ``bad-name`` or ``unknown-environment``, OutsideError
    ``environment-damaged``.
    """
    pointer = pointer_of(place(name))
    if pointer is None or pointer.generation == BEING_MADE:
        raise _unknown(name)
    return environment(pointer)


def usable(name: str) -> Environment:
    """Return the environment of that name, where its interpreter is still there.

    Without one a program would run with the system's own Python. Raises as ``found`` does.
    """
    environment = found(name)
    python = interpreter.inside(Path(environment.path))
    if not python.exists():
        raise damaged(name, f"its Python is gone: {python}")
    return environment


def listed() -> tuple[tuple[Environment, ...], tuple[Warning, ...]]:
    """Return all environments in the order of their names; a damaged one becomes a warning."""
    environments: list[Environment] = []
    warnings: list[Warning] = []
    for name in names():
        with _damage_told(warnings):
            pointer = pointer_of(place(name))
            if pointer is not None and pointer.generation != BEING_MADE:
                environments.append(environment(pointer))
    return tuple(environments), tuple(warnings)


@contextlib.contextmanager
def _damage_told(warnings: list[Warning]) -> Iterator[None]:
    try:
        yield
    except OutsideError as error:
        warnings.append(Warning(error.reference, error.message))


def environment(pointer: Pointer) -> Environment:
    """Return what a pointer leads to. Raises OutsideError ``environment-damaged``."""
    folder = place(pointer.name) / str(pointer.generation)
    try:
        about = about_of(folder)
        plan = plan_of(folder)
    except ValueError as error:
        raise damaged(pointer.name, str(error)) from error
    return Environment(
        name=pointer.name,
        path=str(folder),
        python=about.python,
        plan=plan,
        lock=str(folder / LOCK),
        generation=pointer.generation,
        verified=True,
        gpus=about.gpus,
        notes=about.notes,
    )


def about_of(generation: Path) -> Generation:
    """Return what a generation's folder says of itself. Raises ValueError: it is not whole."""
    return _read(generation / ABOUT, "generation", Generation)


def plan_of(generation: Path) -> Plan:
    """Return the plan that a generation was made from. Raises ValueError."""
    return _read(generation / PLAN, "plan", Plan)


def finish(generation: Path, about: Generation) -> None:
    """Say that a generation is whole: what was proved of it stands there from now on."""
    put(generation / ABOUT, _text(about))


def pointer_of(folder: Path) -> Pointer | None:
    """Return what a folder points at, or None where ``up`` made nothing.

    A link is never followed: what it leads to is somebody else's. Raises OutsideError
    ``environment-damaged``.
    """
    if not has_pointer(folder):
        return None
    try:
        pointer = _read(folder / POINTER, "pointer", Pointer)
    except ValueError as error:
        raise damaged(folder.name, str(error)) from error
    return pointer if pointer.name == folder.name else None


def own(folder: Path) -> Pointer | None:
    """Return what a folder points at that is held, or None where nothing is in it yet.

    Raises RefusedError ``place-taken`` where something else made it, OutsideError
    ``environment-damaged``.
    """
    pointer = pointer_of(folder)
    if pointer is None and set(folder.iterdir()) - set(drafts(folder)):
        raise taken(folder)
    return pointer


def has_pointer(folder: Path) -> bool:
    """Whether a folder has a pointer, be it one that can be read or not."""
    pointer = folder / POINTER
    return not (folder.is_symlink() or pointer.is_symlink()) and pointer.is_file()


def point(folder: Path, pointer: Pointer) -> None:
    """Switch an environment, whole or not at all: from then on that generation counts."""
    sweep_drafts(folder)
    put(folder / POINTER, _text(pointer))


def forget(folder: Path) -> None:
    """Take away what marks a folder as an environment; the mark itself last."""
    sweep_drafts(folder)
    for name in (journal.JOURNAL, POINTER):
        (folder / name).unlink(missing_ok=True)


def drafts(folder: Path) -> list[Path]:
    """Return the pointers that a killed run had not written to their end."""
    return sorted(folder.glob(f".{POINTER}.*"))


def sweep_drafts(folder: Path) -> None:
    """Remove what a killed run had not written to its end; only one at a time writes here."""
    for draft in drafts(folder):
        draft.unlink(missing_ok=True)


def generations(folder: Path) -> tuple[int, ...]:
    """Return the numbers of the generations in a folder, whole or not, oldest first."""
    entries = (entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False))
    return tuple(sorted(int(name) for name in entries if _NUMBER.fullmatch(name)))


def drop(folder: Path, *, keep: tuple[int | None, ...] = ()) -> None:
    """Remove the generations of a folder, but for those to keep."""
    for number in generations(folder):
        if number not in keep:
            # First it stops being whole, so that half of one is never taken for it.
            (folder / str(number) / ABOUT).unlink(missing_ok=True)
            shutil.rmtree(folder / str(number))


def removed(name: str) -> tuple[str, ...]:
    """Remove what ``up`` made under a name; return the names of what others put beside it.

    Those stay, and a link is never followed. Raises UsageError ``unknown-environment``,
    RefusedError ``environment-busy``.
    """
    if not has_pointer(place(name)):
        raise _unknown(name)
    with held(name) as folder:
        with contextlib.suppress(OutsideError):  # one that cannot be read is removed all the same
            if pointer_of(folder) is None:
                raise _unknown(name)
        point(folder, Pointer(name=name))
        drop(folder)
        forget(folder)
        return tuple(sorted(entry.name for entry in folder.iterdir()))


def _read(path: Path, key: str, kind: type[T]) -> T:
    try:
        return saved.read(path, key, kind)
    except ValueError as error:
        msg = f"{path.name}: {error}"
        raise ValueError(msg) from error


def _text(value: msgspec.Struct) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def _unknown(name: str) -> UsageError:
    known = ", ".join(made.name for made in listed()[0])
    return UsageError(
        "unknown-environment",
        f"There is no environment {name}.",
        context=(f"there is {known}",) if known else (),
        hint="Name one of: dlsetup env list; Or make it: dlsetup up NAME REQ",
    )
