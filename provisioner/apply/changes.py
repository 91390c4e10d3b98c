"""What a script did: the packages before it and after it, held against each other."""

from __future__ import annotations

import os
from collections.abc import Iterable

import msgspec

from provisioner.apply.packages import Snapshot
from provisioner.apply.record import Change, Record

_OUR_FILES = "dlsetup-"
"""How the files begin that templates/shell/actions/repository.sh writes for apt."""


class Sum(msgspec.Struct, frozen=True, kw_only=True):
    """What all changes come to together: what is there now through them, and what is not."""

    installed: dict[str, str]
    configured: tuple[str, ...]
    upgraded: dict[str, tuple[str, str]]
    removed: dict[str, str]
    automatic: tuple[str, ...]
    held: tuple[str, ...]
    files: dict[str, str]


def settled(record: Record, now: Snapshot, code: int | None = None) -> Record:
    """Return the record, in which the open change (there is one at most) knows what it did.

    ``code`` is the script's exit code, and None where nobody waited for its end: the user may have
    changed more since then. Of what appeared, what somebody else asked apt for is never its work.
    What is not so any more is left out, and a change that did nothing is none.
    """
    closed = (
        change if change.before is None else _closed(change, change.before, now, code)
        for change in record.changes
    )
    left = (_still(change, now) for change in closed)
    return Record(changes=tuple(change for change in left if _did_something(change)))


def total(record: Record) -> Sum:
    """Return what the changes come to; none of them may be open."""
    installed: dict[str, str] = {}
    removed: dict[str, str] = {}
    upgraded: dict[str, tuple[str, str]] = {}
    files: dict[str, str] = {}
    for change in record.changes:
        # What an earlier change brought was not there before all of them, and what an earlier
        # one took away is back.
        removed |= {name: was for name, was in change.removed.items() if name not in installed}
        installed = {name: was for name, was in installed.items() if name not in change.removed}
        installed |= {name: was for name, was in change.installed.items() if name not in removed}
        removed = {name: was for name, was in removed.items() if name not in change.installed}
        for name, (before, after) in change.upgraded.items():
            upgraded[name] = (upgraded.get(name, (before,))[0], after)
        files |= change.files
    return Sum(
        installed=installed,
        configured=_each(change.configured for change in record.changes),
        upgraded={name: way for name, way in upgraded.items() if name not in installed},
        removed=removed,
        automatic=_each(change.automatic for change in record.changes),
        held=_each(change.held for change in record.changes),
        files=files,
    )


def _closed(change: Change, before: Snapshot, now: Snapshot, code: int | None) -> Change:
    own = {*change.named, *now.automatic}
    new = {name: version for name, version in now.packages.items() if name not in before.packages}
    closed = msgspec.structs.replace(
        change,
        before=None,
        code=code,
        installed={name: version for name, version in new.items() if name in own},
        configured=tuple(name for name in before.leftover if name in new),
        held=tuple(name for name in now.held if name in own and name not in before.held),
        files={path: sha for path, sha in now.files.items() if _is_ours(path, before)},
    )
    return closed if code is None else _with_what_went(closed, before, now)


def _with_what_went(change: Change, before: Snapshot, now: Snapshot) -> Change:
    """What was there before the script, and is not as it was."""
    was, is_now = before.packages, now.packages
    return msgspec.structs.replace(
        change,
        upgraded={
            name: (was[name], is_now[name])
            for name in was
            if name in is_now and is_now[name] != was[name]
        },
        removed={name: was[name] for name in was if name not in is_now},
        automatic=tuple(name for name in before.automatic if name not in now.automatic),
    )


def _still(change: Change, now: Snapshot) -> Change:
    """Without what is not so any more: taken back, or changed by somebody else."""
    return msgspec.structs.replace(
        change,
        installed={name: was for name, was in change.installed.items() if name in now.packages},
        upgraded={
            name: way for name, way in change.upgraded.items() if now.packages.get(name) == way[1]
        },
        removed={name: was for name, was in change.removed.items() if name not in now.packages},
        automatic=tuple(
            name
            for name in change.automatic
            if name in (change.removed if name not in now.packages else now.packages)
            and name not in now.automatic
        ),
        held=tuple(name for name in change.held if name in now.held),
        files={path: sha for path, sha in change.files.items() if now.files.get(path) == sha},
    )


def _is_ours(path: str, before: Snapshot) -> bool:
    return path not in before.files and os.path.basename(path).startswith(_OUR_FILES)


def _did_something(change: Change) -> bool:
    return bool(
        change.installed
        or change.upgraded
        or change.removed
        or change.automatic
        or change.held
        or change.files
    )


def _each(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))
