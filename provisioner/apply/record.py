"""What was done to the system, kept in one file: written before anything is, and after it."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from provisioner import resources, saved
from provisioner.apply.packages import Snapshot
from provisioner.errors import OutsideError, RefusedError
from provisioner.whole_file import put

_RECORD = "system.json"
_LOCK = "lock"
_MACHINE_ID = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What one run of a script did to the packages of the system."""

    machine: str
    """Which machine it was: one home may serve several."""
    environment: str
    """The name that ``up`` was called with."""
    driver: str
    """The package that it was to install the driver by."""
    began: str
    """UTC."""
    named: tuple[str, ...] = ()
    """The packages that the script itself asks for; others it brings because they are needed."""
    before: Snapshot | None = None
    """Only as long as nobody has seen what came of it."""
    waits: str | None = None
    """The start of the machine after which another one is needed."""
    code: int | None = None
    """The script's exit code; None where nobody waited for its end."""
    installed: dict[str, str] = {}
    configured: tuple[str, ...] = ()
    """Those installed whose configuration was there before."""
    upgraded: dict[str, tuple[str, str]] = {}
    """Versions before and after."""
    removed: dict[str, str] = {}
    """What had to go for it, with its version."""
    automatic: tuple[str, ...] = ()
    """Packages marked as installed for others before, removed or marked otherwise by it."""
    held: tuple[str, ...] = ()
    """Packages that it keeps at their version."""
    files: dict[str, str] = {}
    """Sources and keys that were added, each with its SHA-256."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Every change that was not taken back, oldest first."""

    changes: tuple[Change, ...] = ()


def folder() -> Path:
    """Return the folder of scripts, logs and the record; made where there is none.

    Raises OutsideError ``place-not-writable``.
    """
    found = resources.system_changes()
    if found is None:
        raise OutsideError(
            "place-not-writable",
            "This user has no home, so that what is done as root cannot be recorded.",
            hint="Set XDG_STATE_HOME to a folder that can be written.",
        )
    try:
        found.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_writable(found, error) from error
    return found


def written(path: Path, data: bytes, *, executable: bool = False) -> Path:
    """Write a file of the folder whole or not at all.

    Raises OutsideError ``place-not-writable``.
    """
    try:
        put(path, data, executable=executable)
    except OSError as error:
        raise not_writable(path, error) from error
    return path


def read() -> Record:
    """Return what was done on this machine; an empty record where nothing was.

    Raises OutsideError ``record-damaged``.
    """
    return Record(changes=tuple(change for change in _all() if change.machine == here()))


def write(record: Record) -> None:
    """Keep what was done on this machine, whole or not at all; nothing at all is no file.

    Raises OutsideError ``place-not-writable`` and ``record-damaged``.
    """
    path = folder() / _RECORD
    others = (change for change in _all() if change.machine != here())
    kept = Record(changes=(*others, *record.changes))
    if kept.changes:
        written(path, msgspec.json.format(msgspec.json.encode(kept), indent=2) + b"\n")
    else:
        path.unlink(missing_ok=True)


def here() -> str:
    """Return what tells this machine from others that share a home."""
    for path in _MACHINE_ID:
        with contextlib.suppress(OSError):
            # Its own documentation asks for it not to be shown as it is.
            return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return os.uname().nodename


def _all() -> tuple[Change, ...]:
    place = resources.system_changes()
    if place is None or not (place / _RECORD).exists():
        return ()
    try:
        return saved.read(place / _RECORD, "record", Record).changes
    except ValueError as error:
        raise OutsideError(
            "record-damaged",
            f"{place / _RECORD} cannot be read, so that nobody knows what was installed.",
            context=(str(error),),
            hint="See what apt did: /var/log/apt/history.log; then move the file away.",
        ) from error


@contextlib.contextmanager
def held() -> Iterator[int]:
    """Let one run at a time be at work; the lock's handle goes to the script, and lasts as long.

    Raises RefusedError ``system-busy`` at once while another works, OutsideError
    ``place-not-writable``.
    """
    import fcntl

    path = folder() / _LOCK
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise not_writable(path, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield handle
    except BlockingIOError as error:
        raise RefusedError(
            "system-busy",
            "Another dlsetup, or a script that it started, is changing the packages of the system.",
            context=(f"its log lies in {path.parent}",),
            hint="Wait until it is done, and try again.",
        ) from error
    finally:
        os.close(handle)


def not_writable(path: Path, error: OSError) -> OutsideError:
    """Return the error for a place that the system does not give."""
    return OutsideError(
        "place-not-writable",
        f"{path} cannot be written.",
        context=(error.strerror or str(error),),
        hint="Make room or rights there, or set XDG_STATE_HOME to a folder that can be written.",
    )
