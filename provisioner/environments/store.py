"""The door to the environments' folders: named, found, held, removed."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from provisioner import resources, saved
from provisioner.environments import interpreter
from provisioner.environments.record import BEING_MADE, Environment, Record
from provisioner.errors import OutsideError, RefusedError, UsageError
from provisioner.plan import Plan, Warning
from provisioner.whole_file import put

RECORD = "environment.json"
PLAN = "plan.json"
LOCK = "pylock.toml"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_LONGEST = 64
_GENERATION = re.compile(r"[1-9][0-9]*")


def place(name: str) -> Path:
    """Return the folder of an environment.

    Raises UsageError ``bad-name``, OutsideError ``place-not-writable`` for a user without a home.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise UsageError(
            "bad-name",
            f"{name[:_LONGEST]!r} is not a name for an environment.",
            hint="Begin with a small letter or a digit, and go on with those, dots, dashes and "
            "underscores, 64 at most.",
        )
    return _folder() / name


def found(name: str) -> Environment:
    """Return the environment of that name.

    Raises UsageError ``bad-name`` or ``unknown-environment``, OutsideError
    ``environment-damaged``.
    """
    record = record_of(place(name))
    if record is None or record.generation == BEING_MADE:
        raise _unknown(name)
    return environment(record)


def usable(name: str) -> Environment:
    """Return the environment of that name, where its interpreter is still there.

    Without one a program would run with the system's own Python. Raises as ``found`` does.
    """
    environment = found(name)
    python = interpreter.inside(Path(environment.path))
    if not python.exists():
        raise _damaged(name, f"its Python is gone: {python}")
    return environment


def listed() -> tuple[tuple[Environment, ...], tuple[Warning, ...]]:
    """Return all environments in the order of their names; a damaged one becomes a warning."""
    environments: list[Environment] = []
    warnings: list[Warning] = []
    for name in sorted(_names()):
        with _damage_told(warnings):
            record = record_of(_folder() / name)
            if record is not None and record.generation != BEING_MADE:
                environments.append(environment(record))
    return tuple(environments), tuple(warnings)


@contextlib.contextmanager
def _damage_told(warnings: list[Warning]) -> Iterator[None]:
    try:
        yield
    except OutsideError as error:
        warnings.append(Warning(error.reference, error.message))


def environment(record: Record) -> Environment:
    """Return what a record stands for. Raises OutsideError ``environment-damaged``."""
    folder = generation(record.name, record.generation)
    try:
        plan = saved.read(folder / PLAN, "plan", Plan)
    except ValueError as error:
        raise _damaged(record.name, f"{PLAN}: {error}") from error
    return Environment(
        name=record.name,
        path=str(folder),
        python=record.python,
        plan=plan,
        lock=str(folder / LOCK),
        generation=record.generation,
        verified=record.verified,
        gpus=record.gpus,
        notes=record.notes,
    )


def generation(name: str, number: int) -> Path:
    """Return the folder of one generation of an environment."""
    return place(name) / str(number)


def record_of(folder: Path) -> Record | None:
    """Return the record of a folder, or None where ``up`` made nothing.

    A link is never followed: what it leads to is somebody else's. Raises OutsideError
    ``environment-damaged``.
    """
    if folder.is_symlink() or (folder / RECORD).is_symlink() or not (folder / RECORD).is_file():
        return None
    try:
        record = saved.read(folder / RECORD, "record", Record)
    except ValueError as error:
        raise _damaged(folder.name, f"{RECORD}: {error}") from error
    return record if record.name == folder.name else None


def write(record: Record) -> None:
    """Write a record, whole or not at all: from then on it is what counts."""
    data = msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"
    folder = place(record.name)
    for draft in drafts(folder):  # only one process at a time writes here
        draft.unlink(missing_ok=True)
    put(folder / RECORD, data)


def forget(folder: Path) -> None:
    """Take the record away: the folder is no environment any more."""
    for path in (folder / RECORD, *drafts(folder)):
        path.unlink(missing_ok=True)


def drafts(folder: Path) -> list[Path]:
    """Return the records that a killed run had not written to their end."""
    return sorted(folder.glob(f".{RECORD}.*"))


@contextlib.contextmanager
def held(name: str) -> Iterator[Path]:
    """Give the environment's folder, made where there is none, to one process at a time.

    Raises RefusedError ``environment-busy`` while another has it, OutsideError
    ``place-not-writable``.
    """
    folder = place(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise not_writable(folder, error) from error
    try:
        _locked(handle, folder)
        yield folder
    finally:
        os.close(handle)
        # A folder without anything in it is no environment, and nobody asked for it.
        with contextlib.suppress(OSError):
            folder.rmdir()


def generations(folder: Path) -> tuple[int, ...]:
    """Return the numbers of the generations in a folder, whole or not, oldest first."""
    names = (entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False))
    return tuple(sorted(int(name) for name in names if _GENERATION.fullmatch(name)))


def dropped(folder: Path, *, keep: int = BEING_MADE) -> None:
    """Remove the generations of a folder, but for the one to keep."""
    for number in generations(folder):
        if number != keep:
            shutil.rmtree(folder / str(number))


def removed(name: str) -> tuple[str, ...]:
    """Remove what ``up`` made under a name; return the names of what others put beside it.

    Those stay, and a link is never followed. Raises UsageError ``unknown-environment``,
    RefusedError ``environment-busy``, OutsideError ``environment-damaged``.
    """
    if not place(name).is_dir() or place(name).is_symlink():
        raise _unknown(name)
    with held(name) as folder:
        if record_of(folder) is None:
            raise _unknown(name)
        # First it stops being an environment, so that half of one is never taken for it.
        write(Record(name=name))
        dropped(folder)
        forget(folder)
        return tuple(sorted(entry.name for entry in folder.iterdir()))


def not_writable(path: Path, error: OSError) -> OutsideError:
    """Return the error for a place that the system does not give."""
    return OutsideError(
        "place-not-writable",
        f"{path} cannot be written.",
        context=(error.strerror or str(error),),
        hint="Make room or rights there, or set DLSETUP_HOME to a folder that can be written.",
    )


def _locked(handle: int, folder: Path) -> None:
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever had it may have removed the folder in the meantime.
        free = os.path.samestat(os.fstat(handle), folder.stat())
    except (BlockingIOError, FileNotFoundError):
        free = False
    if not free:
        raise RefusedError(
            "environment-busy",
            f"Another dlsetup is at work on the environment {folder.name}.",
            hint="Wait until it is done, and try again.",
        )


def _folder() -> Path:
    folder = resources.environments()
    if folder is None:
        raise OutsideError(
            "place-not-writable",
            "This user has no home, so that environments have no place.",
            hint="Set DLSETUP_HOME to a folder that can be written.",
        )
    return folder


def _names() -> tuple[str, ...]:
    try:
        return tuple(name for name in os.listdir(_folder()) if _NAME.fullmatch(name))
    except FileNotFoundError:
        return ()


def _unknown(name: str) -> UsageError:
    known = ", ".join(made.name for made in listed()[0])
    return UsageError(
        "unknown-environment",
        f"There is no environment {name}.",
        context=(f"there is {known}",) if known else (),
        hint="Name one of: dlsetup env list; Or make it: dlsetup up NAME REQ",
    )


def _damaged(name: str, reason: str) -> OutsideError:
    return OutsideError(
        "environment-damaged",
        f"The environment {name} is damaged.",
        context=(reason,),
        hint=f"Remove its folder, {_folder() / name}, and make it anew with dlsetup up.",
    )
