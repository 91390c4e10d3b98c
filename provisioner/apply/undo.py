"""Taking back what was installed as root: what may go, the script that does it, and its run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from provisioner.apply import packages, record, run
from provisioner.apply.changes import Sum, settled, total
from provisioner.apply.packages import Snapshot, snapshot
from provisioner.apply.record import Record
from provisioner.machine import Machine
from provisioner.plan import Step
from provisioner.progress import Progress
from provisioner.render import script

FILE_NAME = "undo.sh"
"""What the script is called."""


class Undo(msgspec.Struct, frozen=True, kw_only=True):
    """What would be taken back, and what stays."""

    path: str
    """Where the script lies, or will."""
    script: str
    """Empty where nothing can be taken back."""
    packages: tuple[str, ...] = ()
    """What goes: it was not there before."""
    driver: str | None = None
    """That of them which is a driver."""
    restored: dict[str, str] = {}
    """What comes back, with its version: it was there before."""
    files: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    """What stays, because somebody or something else needs it now."""
    lost: tuple[str, ...] = ()
    """What was there before and does not come back: apt has that version no more."""
    upgraded: tuple[str, ...] = ()
    """What stays at the version that it was brought to."""
    unseen: bool = False
    """A run was cut short, so that nobody knows what it replaced."""


def undo_of(machine: Machine) -> Undo:
    """Return what would be taken back on this machine now. Raises OutsideError."""
    now = snapshot() if record.read().changes else None
    if now is None:
        return Undo(path="", script="")
    known = settled(record.read(), now)
    changes = total(known)
    path = str(record.folder() / FILE_NAME)
    asked = {name for change in known.changes for name in change.named}
    # What came along for others and is marked otherwise by now, somebody wants.
    unwanted = (name for name in changes.installed if name in asked or name in now.automatic)
    gone = packages.unneeded(unwanted)
    drivers = {change.driver for change in known.changes} & {*changes.installed}
    # Two drivers do not go together: the one before comes back only where the new one goes.
    before = changes.removed if drivers <= {*gone} else {}
    back = before if packages.on_offer(before) else {}
    if {*gone} != {*changes.installed}:
        # What stays is kept up to date from where it came.
        changes = msgspec.structs.replace(changes, files={})
    todo = tuple(steps(changes, now, gone, back))
    return Undo(
        path=path,
        script=script.undo(machine, todo, FILE_NAME) if todo else "",
        packages=gone,
        driver=next(iter(sorted(drivers & {*gone})), None),
        restored=dict(back),
        files=tuple(changes.files),
        needed=tuple(name for name in changes.installed if name not in gone),
        lost=tuple(name for name in before if name not in back),
        upgraded=tuple(changes.upgraded),
        unseen=any(change.code is None for change in known.changes),
    )


def undone(undo: Undo, tell: Progress) -> None:
    """Run the script that takes it back. The record then holds what could not be.

    Root must be given. Raises RefusedError ``system-busy``, OutsideError ``system-steps-failed``
    and as ``undo_of`` does, KeyboardInterrupt once the script has come to its end.
    """
    with record.held() as handle:
        log = run.log_of(undo.path)
        tell.step("taking back what was installed")
        try:
            ended = run.run(undo.path, log, tell, keep=(handle,))
        finally:
            left = settled(record.read(), snapshot())
            record.write(left)
        if ended.interrupted:
            raise KeyboardInterrupt
        run.succeeded(ended, log)
        record.write(_forgotten(left))


def steps(
    changes: Sum, now: Snapshot, gone: tuple[str, ...], back: Mapping[str, str]
) -> Iterator[Step]:
    """Yield what takes changes back: packages that go, packages that return, marks, files."""
    wishes = tuple(f"{name}={version}" for name, version in back.items())
    if changes.held:
        yield _step(
            "holds",
            f"Let apt move {_packages(changes.held)} again",
            check=(("packages_free", *changes.held),),
            run=(("packages_release", *changes.held),),
        )
    if gone:
        purged = tuple(name for name in gone if name not in changes.configured)
        fetch = (("packages_fetch", *wishes),) if wishes else ()
        yield _step(
            "remove",
            f"Remove {_packages(gone)} that came with it",
            check=(("packages_gone", *gone), ("packages_forgotten", *purged)),
            run=(*fetch, ("packages_remove", *gone), ("packages_purge", *purged)),
        )
    if wishes:
        yield _step(
            "restore",
            f"Install again {_packages(wishes)} that went for it",
            check=(("packages_back", *wishes),),
            run=(("packages_restore", *wishes),),
        )
    here = {*now.packages, *back} - {*gone}
    marked = tuple(name for name in changes.automatic if name in here)
    if marked:
        yield _step(
            "marks",
            f"Mark {_packages(marked)} as installed for others, as before",
            check=(("marked_automatic", *marked),),
            run=(("mark_automatic", *marked),),
        )
    if changes.files:
        words = tuple(word for path, sha in changes.files.items() for word in (sha, path))
        yield _step(
            "files",
            "Remove the sources and keys of apt that came with it",
            check=(("files_gone", *words),),
            run=(("files_remove", *words),),
        )


def _packages(names: Sequence[str]) -> str:
    return "1 package" if len(names) == 1 else f"{len(names)} packages"


def _step(
    name: str, title: str, *, check: tuple[tuple[str, ...], ...], run: tuple[tuple[str, ...], ...]
) -> Step:
    return Step(id=name, title=title, check=check, run=run, needs=("root",))


def _forgotten(left: Record) -> Record:
    """The record without what was brought to another version, or cannot come back: it stays so."""
    changes = (
        msgspec.structs.replace(change, upgraded={}, removed={}, automatic=())
        for change in left.changes
    )
    return Record(changes=tuple(change for change in changes if change.installed or change.files))
