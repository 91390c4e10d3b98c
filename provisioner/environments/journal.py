"""What was done to an environment, line by line: ``journal.jsonl``, only ever added to.

Each line is on the disk before the step it tells of goes on, so that after a crash the last one
says where things stood. A line that was torn then is passed over.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

import msgspec

from provisioner import saved
from provisioner.environments.place import damaged
from provisioner.errors import DlsetupError

JOURNAL = "journal.jsonl"
CUT_OFF = "cut off"
"""The detail of a step whose run was killed; the next run writes it."""
_CAME_TO_NOTHING = {CUT_OFF, "KeyboardInterrupt", "OSError"}
_LAST_STEPS = {"switch", "rollback"}
State = Literal["begun", "done", "failed"]


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line."""

    time: str
    """ISO 8601, UTC, in seconds."""
    generation: int
    step: str
    """``python``, ``packages``, ``proof``, ``switch``, ``rollback``, ``verify``."""
    state: State
    detail: str = ""


def note(folder: Path, generation: int, step: str, state: State, detail: str = "") -> None:
    """Add a line to the journal of an environment's folder. Raises OSError."""
    entry = Entry(time=_now(), generation=generation, step=step, state=state, detail=detail)
    line = msgspec.json.encode(entry) + b"\n"
    handle = os.open(folder / JOURNAL, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o666)
    try:
        end = os.fstat(handle).st_size
        torn = end > 0 and os.pread(handle, 1, end - 1) != b"\n"
        os.write(handle, b"\n" + line if torn else line)
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def step(folder: Path, generation: int, name: str, detail: str = "") -> Iterator[None]:
    """Note that a step began, and how it ended."""
    note(folder, generation, name, "begun", detail)
    try:
        yield
    except BaseException as error:
        why = error.reference if isinstance(error, DlsetupError) else type(error).__name__
        # The disk may be full, and that is what went wrong; what went wrong counts.
        with contextlib.suppress(OSError):
            note(folder, generation, name, "failed", why)
        raise
    note(folder, generation, name, "done")


def read(folder: Path) -> tuple[Entry, ...]:
    """Return what the journal of a folder says, oldest first; nothing where there is none.

    Raises OutsideError ``environment-damaged`` for what is no journal.
    """
    try:
        lines = saved.kept(folder / JOURNAL).splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise damaged(folder.name, f"{JOURNAL}: {why}", can_be_mended=False) from error
    entries = []
    for line in lines:
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            entries.append(msgspec.json.decode(line, type=Entry))
    return tuple(entries)


def last_verify(folder: Path, generation: int) -> Entry | None:
    """Return when a generation was last proved to its end, and what came of it."""
    ended = (
        entry
        for entry in reversed(read(folder))
        if entry.generation == generation
        and entry.step in {"proof", "verify"}
        and entry.state != "begun"
        and entry.detail not in _CAME_TO_NOTHING
    )
    return next(ended, None)


def cut_off(folder: Path) -> Entry | None:
    """Return the last entry where it says that a run did not come to its end."""
    last = next((entry for entry in reversed(read(folder)) if entry.step != "verify"), None)
    if last is None or last.state == "failed":
        return None
    return None if last.state == "done" and last.step in _LAST_STEPS else last


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
