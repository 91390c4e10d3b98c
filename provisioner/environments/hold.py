"""An environment's name in one hand: whoever makes, changes or removes it holds its folder."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from provisioner.environments.place import not_writable, place
from provisioner.errors import RefusedError

_START_TIME = 19
"""The field of ``/proc/PID/stat`` behind the name: when it began, in ticks after the boot."""


@contextlib.contextmanager
def held(name: str) -> Iterator[Path]:
    """Give the environment's folder, made where there is none, to one process at a time.

    It is let go however that process ends. Raises RefusedError ``environment-busy`` at once while
    another has it and ``place-taken`` for what is no folder, OutsideError ``place-not-writable``.
    """
    folder = place(name)
    handle = _held(folder)
    try:
        yield folder
    finally:
        # A folder without anything in it is no environment, and nobody asked for it.
        with contextlib.suppress(OSError):
            folder.rmdir()
        os.close(handle)


def taken(folder: Path) -> RefusedError:
    """Return the error for a place where something lies that dlsetup did not make."""
    return RefusedError(
        "place-taken",
        f"{folder} holds something that dlsetup did not make.",
        hint="Move it away, or take another name.",
    )


def _opened(folder: Path) -> int:
    try:
        while True:
            folder.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # removed by whoever held it
                return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        if os.path.lexists(folder) and not stat.S_ISDIR(folder.lstat().st_mode):
            raise taken(folder) from error
        raise not_writable(folder, error) from error


def _held(folder: Path) -> int:
    """Open a folder and hold it, as one that nobody removed in the meantime."""
    import fcntl

    while True:
        handle = _opened(folder)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), folder.stat()):
                return handle
        except BlockingIOError:
            busy = _busy(handle, folder)
            os.close(handle)
            raise busy from None
        except FileNotFoundError:
            pass
        os.close(handle)


def _busy(handle: int, folder: Path) -> RefusedError:
    pid = _holder(os.fstat(handle))
    since = _began(pid) if pid else ""
    return RefusedError(
        "environment-busy",
        f"Another dlsetup is at work on the environment {folder.name}.",
        context=(f"process {pid}{since}",) if pid else (),
        hint="Wait until it is done, and try again.",
    )


def _holder(about: os.stat_result) -> int | None:
    """The process that holds a file, where the system tells."""
    place = f"{os.major(about.st_dev):02x}:{os.minor(about.st_dev):02x}:{about.st_ino}"
    for line in _read("/proc/locks").splitlines():
        words = line.split()
        if words[1:2] == ["FLOCK"] and words[5:6] == [place] and int(words[4]) > 0:
            return int(words[4])
    return None


def _began(pid: int) -> str:
    """Since when a process runs, in words; nothing where the system does not tell."""
    booted = re.search(r"^btime (\d+)$", _read("/proc/stat"), re.MULTILINE)
    # The name before stands in brackets, and may hold anything.
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    if not booted or not fields:
        return ""
    began = int(booted[1]) + int(fields[_START_TIME]) / os.sysconf("SC_CLK_TCK")
    return f", since {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(began))}"


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
