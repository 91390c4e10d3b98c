"""The token that lets people into an environment's JupyterLab: one file that only its user reads.

It stands on no command line, in no unit file and in no log; programs are told where it lies.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path

from provisioner.environments.place import not_writable, place
from provisioner.errors import OutsideError
from provisioner.whole_file import put

_BYTES = 32
_ONLY_US = 0o700
_TOKEN = re.compile(rb"[A-Za-z0-9_-]{1,200}")


def file_of(name: str) -> Path:
    """Return where the token of an environment's JupyterLab lies, or would."""
    # Not in the environment's folder: what serves it is none of its content.
    return place(name).parents[1] / "tokens" / name


def made(name: str) -> Path:
    """Return the file of a token, made where there is none that only its user can read.

    Raises OutsideError ``place-not-writable``.
    """
    path = file_of(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(_ONLY_US)
        if not _is_private(path):
            put(path, secrets.token_urlsafe(_BYTES).encode(), private=True)
    except OSError as error:
        raise not_writable(path, error) from error
    return path


def read(name: str) -> str:
    """Return the token itself. Raises OutsideError ``place-not-writable`` and ``token-damaged``."""
    path = file_of(name)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise not_writable(path, error) from error
    if not _TOKEN.fullmatch(data):
        raise OutsideError(
            "token-damaged",
            f"{path} holds no token that dlsetup made.",
            hint=f"Let it be made anew: dlsetup env serve {name} --stop; "
            f"Then: dlsetup env serve {name}",
        )
    return data.decode("ascii")


def forgotten(name: str) -> None:
    """Take a token away: what was let in by it is not let in again.

    Raises OutsideError ``place-not-writable``.
    """
    path = file_of(name)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise not_writable(path, error) from error
    with contextlib.suppress(OSError):  # there are others
        path.parent.rmdir()


def _is_private(path: Path) -> bool:
    """Whether a token is there, whole, ours, and never was anybody else's to read."""
    try:
        state = path.lstat()
    except FileNotFoundError:
        return False
    ours = state.st_uid == os.geteuid() and state.st_mode & 0o177 == 0
    return ours and state.st_size > 0 and not path.is_symlink()
