"""The one door to temporary folders: private, held while they are used, swept when nobody does.

A run that is killed takes nothing away any more. Its folder stays, but nobody holds it: the next
run sees that by the lock of the system, which ends with the process, and removes the folder.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "dlsetup-run-"


class Scratch:
    """A temporary folder that only this user can enter, until it is closed. Raises OSError."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._handle = _held(self.path)
        while self._handle is None and os.name != "nt":
            # Another run swept it away before it was held.
            self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
            self._handle = _held(self.path)

    def close(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._handle is not None:
            os.close(self._handle)


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Give a temporary folder for as long as the context lasts. Raises OSError."""
    made = Scratch()
    try:
        yield made.path
    finally:
        made.close()


def sweep() -> int:
    """Remove the folders that killed runs of this user left; return how many there were."""
    count = 0
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            about = path.lstat()
            if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid():
                continue
            if (handle := _held(path)) is None:
                continue
            count += 1
            shutil.rmtree(path, ignore_errors=True)
            os.close(handle)
    return count


def _held(path: Path) -> int | None:
    """Hold a folder; None where another does, where it is gone, and on Windows."""
    if os.name == "nt":
        return None
    import fcntl

    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(handle), path.lstat()):
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(handle)
    return None
