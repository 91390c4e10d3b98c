"""Where environments lie, what they may be called, and what is said when one is not there."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from provisioner import resources
from provisioner.errors import OutsideError, UsageError

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_LONGEST = 64


def place(name: str) -> Path:
    """Return the folder of an environment.

    Raises UsageError ``bad-name``, OutsideError ``place-not-writable`` for a user without a home.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise UsageError(
            "bad-name",
            f"{name[:_LONGEST]!r} is not a name for an environment.",
            hint="Begin with a small letter or a digit, and go on with those, dots, dashes and "
            "underscores, 64 at most.",
        )
    return _folder() / name


def names() -> tuple[str, ...]:
    """Return what could be environments by its name, in order."""
    try:
        return tuple(sorted(name for name in os.listdir(_folder()) if _NAME.fullmatch(name)))
    except FileNotFoundError:
        return ()


def not_writable(path: Path, error: OSError) -> OutsideError:
    """Return the error for a place that the system does not give."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return OutsideError(
            "disk-full",
            f"The disk is full where {path} lies.",
            hint="Make room there, or set DLSETUP_HOME to a folder on another disk.",
        )
    return OutsideError(
        "place-not-writable",
        f"{path} cannot be written.",
        context=(error.strerror or str(error),),
        hint="Make room or rights there, or set DLSETUP_HOME to a folder that can be written.",
    )


def damaged(name: str, reason: str, again: str = "", *, can_be_mended: bool = True) -> OutsideError:
    """Return the error for an environment that cannot be read or used as it is.

    ``again`` is the command that makes it anew, where that is known.
    """
    away = f"ake it away: dlsetup env remove {name}"
    mend = f"Make it anew: {again or 'dlsetup up'}; Or t{away}"
    return OutsideError(
        "environment-damaged",
        f"The environment {name} is damaged.",
        context=(reason,),
        hint=mend if can_be_mended else f"T{away}; And make it anew: dlsetup up",
    )


def _folder() -> Path:
    folder = resources.environments()
    if folder is None:
        raise OutsideError(
            "place-not-writable",
            "This user has no home, so that environments have no place.",
            hint="Set DLSETUP_HOME to a folder that can be written.",
        )
    return folder
