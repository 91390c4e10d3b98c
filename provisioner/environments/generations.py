"""The generations in an environment's folder: read, marked whole, counted, dropped."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from collections.abc import Collection
from pathlib import Path

import msgspec

from provisioner import saved
from provisioner.environments import journal
from provisioner.environments.place import damaged
from provisioner.environments.record import BEING_MADE, Generation, Pointer
from provisioner.errors import OutsideError
from provisioner.lock import pylock
from provisioner.plan import Plan
from provisioner.whole_file import put

ABOUT = "generation.json"
PLAN = "plan.json"
LOCK = "pylock.toml"
_NUMBER = re.compile(r"[1-9][0-9]*")
_TRIES, _PAUSE_S = 20, 0.1
"""What a killed run had started ends within two seconds, and writes until then."""


def about_of(place: Path) -> Generation:
    """Return what a generation says of itself. Raises ValueError: it is not whole."""
    return _read(place / ABOUT, "generation", Generation)


def plan_of(place: Path) -> Plan:
    """Return the plan that a generation was made from. Raises ValueError."""
    return _read(place / PLAN, "plan", Plan)


def lock_text(place: Path) -> str:
    """Return the text of a generation's lock, whatever it says. Raises ValueError."""
    try:
        return saved.kept(place / LOCK).decode("utf-8")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"{LOCK}: {why}") from error


def lock_of(place: Path) -> str:
    """Return the lock of a generation. Raises OutsideError ``environment-damaged``."""
    try:
        text = lock_text(place)
        if pylock.read(text).packages:
            return text
        why = f"{LOCK}: it lists no package"
    except ValueError as error:
        why = str(error)
    except OutsideError as error:
        why = "; ".join((f"{LOCK}: it is no lock", *error.context))
    raise damaged(place.parent.name, why)


def finish(place: Path, about: Generation) -> None:
    """Say that a generation is whole: what was proved of it stands there from now on."""
    put(place / ABOUT, text(about))


def text(value: msgspec.Struct) -> bytes:
    """Return a value as the text of a file."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def numbers(folder: Path) -> tuple[int, ...]:
    """Return the numbers of the generations in a folder, whole or not, oldest first."""
    entries = (entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False))
    return tuple(sorted(int(name) for name in entries if _NUMBER.fullmatch(name)))


def whole(folder: Path) -> tuple[int, ...]:
    """Return the numbers of those that were made to their end, and proved."""
    return tuple(number for number in numbers(folder) if _is_whole(folder / str(number)))


def unfinished(folder: Path) -> tuple[Plan, str] | None:
    """Return the plan and the lock of a generation that a killed run had begun."""
    for number in reversed(numbers(folder)):
        place = folder / str(number)
        try:
            if not (place / ABOUT).exists():
                return plan_of(place), lock_text(place)
        except ValueError:
            continue
    return None


def next_number(folder: Path, pointer: Pointer | None) -> int:
    """Return a number that no generation bears, and that none ever bore that was switched to."""
    told = (item.generation for item in journal.read(folder) if item.step == "switch")
    number = max((*numbers(folder), *(pointer.kept if pointer else ()), *told, BEING_MADE)) + 1
    while os.path.lexists(folder / str(number)):
        number += 1
    return number


def drop(folder: Path, *, keep: Collection[int] = ()) -> None:
    """Remove the generations of a folder, but for those to keep. Raises OSError."""
    for number in numbers(folder):
        if number not in keep:
            # First it stops being whole, so that half of one is never taken for it.
            with contextlib.suppress(IsADirectoryError):  # it never was
                (folder / str(number) / ABOUT).unlink(missing_ok=True)
            _remove(folder / str(number))


def drop_halves(folder: Path, *, keep: Collection[int]) -> None:
    """Remove the generations that are not whole, but for those to keep. Raises OSError."""
    drop(folder, keep={*keep, *whole(folder)})


def _remove(place: Path) -> None:
    for _ in range(_TRIES):
        shutil.rmtree(place, ignore_errors=True)
        if not place.exists():
            return
        time.sleep(_PAUSE_S)
    shutil.rmtree(place)


def _is_whole(place: Path) -> bool:
    try:
        about_of(place)
    except ValueError:
        return False
    return True


def _read(path: Path, key: str, kind: type[saved.T]) -> saved.T:
    try:
        return saved.kept_value(path, key, kind)
    except ValueError as error:
        msg = f"{path.name}: {error}"
        raise ValueError(msg) from error
