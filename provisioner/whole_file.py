"""The one door to writing files: each appears whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_READ_BY_ALL, _RUN_BY_ALL = 0o666, 0o777


def put(path: Path, data: bytes, *, executable: bool = False) -> None:
    """Put data into a file, by a temporary one beside it and a rename.

    What stood there stays until then, and stays where this fails: the disk is full, the folder is
    not to be written, the run is killed. Raises OSError; nothing is left behind then.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        draft.chmod((_RUN_BY_ALL if executable else _READ_BY_ALL) & ~_umask())
        draft.replace(path)
        _remember(path.parent)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _remember(folder: Path) -> None:
    """Have a rename survive a power loss, where folders can be opened at all."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
