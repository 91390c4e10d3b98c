"""systemd's door to this user's own services."""

from __future__ import annotations

import os
from pathlib import Path

from provisioner import process
from provisioner.errors import OutsideError, RefusedError

_TIME_LIMIT_S = 60.0
_LINGER = Path("/var/lib/systemd/linger")


def need(hint: str) -> None:
    """Refuse a machine on which this user has no services of systemd, with what to do instead.

    Raises RefusedError ``no-user-services``.
    """
    missing = _missing()
    if missing is not None:
        raise RefusedError(
            "no-user-services",
            "systemd runs no services of this user here.",
            context=(missing,),
            hint=hint,
        )


def runs() -> bool:
    """Whether this user has services of systemd here."""
    return _missing() is None


def call(*words: str) -> None:
    """Run ``systemctl --user`` with some words. Raises OutsideError ``systemctl-failed``."""
    done = _run(*words)
    if done.returncode != 0:
        raise OutsideError(
            "systemctl-failed",
            f"systemctl --user {' '.join(words)} failed.",
            context=tuple(done.stderr.strip().splitlines()[-3:]),
            hint="Mend what it says, and try again.",
        )


def state(service: str) -> str:
    """Return ``active``, ``failed``, ``activating`` and so on, or ``unknown`` without systemd."""
    try:
        return _run("is-active", service).stdout.strip() or "unknown"
    except OutsideError:
        return "unknown"


def process_of(service: str) -> int | None:
    """Return the process that a service runs; None where it runs none."""
    try:
        number = int(_run("show", "--property=MainPID", "--value", service).stdout)
    except (OutsideError, ValueError):
        return None
    return number or None


def program(service: str) -> str | None:
    """Return the program that a service runs, as it was called; None where it runs none."""
    try:
        words = Path(f"/proc/{process_of(service)}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    return os.fsdecode(words[0]) or None


def lingers(user: str) -> bool:
    """Whether this user's services go on after the last logout, and start with the machine."""
    return (_LINGER / user).exists()


def _missing() -> str | None:
    try:
        done = _run("show-environment")
    except OutsideError as error:
        return error.message
    said = (*done.stderr.strip().splitlines(), "systemctl gave no reason")
    return said[0] if done.returncode else None


def _run(*words: str) -> process.Completed:
    return process.run(("systemctl", "--user", *words), timeout=_TIME_LIMIT_S, env=_surroundings())


def _surroundings() -> dict[str, str]:
    """Our variables; who came by ``su`` lacks the one that says where the user's systemd is."""
    usual = f"/run/user/{os.getuid()}"
    found = dict(os.environ)
    if "XDG_RUNTIME_DIR" not in found and os.path.isdir(usual):
        found["XDG_RUNTIME_DIR"] = usual
    return found
