"""A script run as root: the record is open before it starts, and closed however it ends."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from provisioner import process
from provisioner.apply import record
from provisioner.apply.changes import settled
from provisioner.apply.packages import snapshot
from provisioner.apply.part import Part
from provisioner.apply.record import Change, Record
from provisioner.errors import OutsideError, RefusedError
from provisioner.progress import Progress
from provisioner.settings import current

_REBOOT = 10
_LAST_LINES = 8
_STEP = re.compile(r"\[\d+/\d+\] (.*) …")
"""How a script says that it begins a step."""
_NOTE = re.compile(r"^  (?:note|it replaces|held): .*(?:\n  +\S.*)*", re.MULTILINE)
"""What a script says about the driver that has to be known, such as Secure Boot."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def saved(path: str, script: str) -> None:
    """Put a script where it will be run from. Raises OutsideError ``place-not-writable``."""
    record.written(record.folder() / Path(path).name, script.encode(), executable=True)


def carried_out(part: Part, tell: Progress) -> None:
    """Run the script of a part as root, and record what it changed, also where it fails.

    Root must be given. Raises RefusedError ``reboot-needed`` where it is done but for that, and
    ``system-busy``, OutsideError ``system-steps-failed``, ``place-not-writable`` and
    ``packages-unknown``, KeyboardInterrupt once the script has come to its end.
    """
    with record.held() as handle:
        log = log_of(part.path)
        before = snapshot()
        known = settled(record.read(), before)
        change = Change(
            machine=record.here(),
            environment=part.environment,
            driver=part.driver,
            began=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            named=part.named,
            before=before,
        )
        opened = Record(changes=(*known.changes, change))
        record.write(opened)
        tell.step("changing the system")
        # Where nobody waits for its end, the record stays open until somebody looks again.
        ended = run(part.path, log, tell, keep=(handle,))
        after = settled(opened, snapshot(), ended.returncode)
        record.write(_waiting(after, part) if ended.returncode == _REBOOT else after)
    if ended.interrupted:
        raise KeyboardInterrupt
    if ended.returncode == _REBOOT:
        raise reboot_needed(_notes(log))
    succeeded(ended, log)


def awaits_reboot(part: Part) -> bool:
    """Whether that driver was installed since this machine was started, for whatever name."""
    return any(
        change.driver == part.driver and change.waits == _boot() for change in record.read().changes
    )


def run(script: str, log: Path, tell: Progress, *, keep: Sequence[int] = ()) -> process.Attended:
    """Run a script that was agreed to; it takes root by sudo where it needs it."""
    settings = current()

    def hear(line: str) -> None:
        tell.line(settings.redacted(line))
        if step := _STEP.fullmatch(line):
            tell.step(step[1])

    env = {**os.environ, **settings.proxies}
    return process.attended(("bash", script, "--yes"), log=log, hear=hear, env=env, keep=keep)


def root_given(script: str) -> None:
    """See that root can be had, before anything is done; sudo may ask for a password.

    Raises RefusedError ``needs-root``, OutsideError ``place-not-writable``.
    """
    log = log_of(script)
    if os.geteuid() == 0:
        return
    if shutil.which("sudo") is None:
        raise needs_root("there is no sudo", script)
    silent = () if sys.stdin.isatty() else ("-n",)
    said: list[str] = []
    ended = process.attended(("sudo", *silent, "true"), log=log, hear=said.append)
    if ended.interrupted:
        raise KeyboardInterrupt
    if ended.returncode != 0:
        raise needs_root("sudo did not give it", script, said=tuple(said[-2:]))


def succeeded(ended: process.Attended, log: Path) -> None:
    """Raise OutsideError ``system-steps-failed`` where a script did not come to a good end."""
    if ended.returncode == 0:
        return
    text = current().redacted(log.read_text(encoding="utf-8", errors="replace"))
    lines = [line for line in text.splitlines() if line.strip()]
    raise OutsideError(
        "system-steps-failed",
        "The steps that need root did not come to their end; what they changed is recorded.",
        context=(*lines[-_LAST_LINES:], f"all of it: {log}"),
        hint="Put right what it names, and give the same command again; "
        "or take back what it changed: dlsetup system undo",
    )


def reboot_needed(notes: tuple[str, ...] = ()) -> RefusedError:
    """Return the error that says what is left to do, and what should be known before."""
    return RefusedError(
        "reboot-needed",
        "The driver is installed, and runs after the next start of this machine.",
        context=notes,
        hint="Reboot, then give the same command again: it goes on from here.",
    )


def needs_root(reason: str, script: str, *, said: tuple[str, ...] = ()) -> RefusedError:
    """Return the error for root that is not given; nothing was changed then."""
    return RefusedError(
        "needs-root",
        f"Root is needed, and {reason}. Nothing was changed.",
        context=said,
        hint=f"Read the script: less {script}; run it by hand: bash {script}; "
        "or say yes to the question, at a terminal or with --yes",
    )


def _waiting(known: Record, part: Part) -> Record:
    """The record, in which what installed this driver, now or before, waits for a reboot."""
    return Record(
        changes=tuple(
            msgspec.structs.replace(change, waits=_boot())
            if change.driver == part.driver
            else change
            for change in known.changes
        )
    )


def _notes(log: Path) -> tuple[str, ...]:
    text = log.read_text(encoding="utf-8", errors="replace")
    return tuple(line.strip() for note in _NOTE.findall(text) for line in note.splitlines())


def log_of(script: str) -> Path:
    """The file beside a script that takes what it says; for its owner alone to read."""
    log = Path(script).with_suffix(".log")
    try:
        log.touch(mode=0o600)
    except OSError as error:
        raise record.not_writable(log, error) from error
    return log


def _boot() -> str:
    """Which start of the machine this is; where nobody can tell, each call is another one."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return str(time.time_ns())
