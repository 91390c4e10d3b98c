"""An environment's name in one hand: whoever makes, changes or removes it holds its folder."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from provisioner.environments.place import not_writable, place
from provisioner.errors import RefusedError


@contextlib.contextmanager
def held(name: str) -> Iterator[Path]:
    """Give the environment's folder, made where there is none, to one process at a time.

    It is let go however that process ends. Raises RefusedError ``environment-busy`` at once while
    another has it and ``place-taken`` for what is no folder, OutsideError ``place-not-writable``.
    """
    folder = place(name)
    handle = _opened(folder)
    try:
        _locked(handle, folder)
        yield folder
    finally:
        os.close(handle)
        # A folder without anything in it is no environment, and nobody asked for it.
        with contextlib.suppress(OSError):
            folder.rmdir()


def taken(folder: Path) -> RefusedError:
    """Return the error for a place where something lies that dlsetup did not make."""
    return RefusedError(
        "place-taken",
        f"{folder} holds something that dlsetup did not make.",
        hint="Move it away, or take another name.",
    )


def _opened(folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        if os.path.lexists(folder) and not stat.S_ISDIR(folder.lstat().st_mode):
            raise taken(folder) from error
        raise not_writable(folder, error) from error


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
