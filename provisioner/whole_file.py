"""The one door to writing files: each appears whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_READ_BY_ALL, _RUN_BY_ALL = 0o666, 0o777


def put(path: Path, data: bytes, *, executable: bool = False, private: bool = False) -> None:
    """Put data into a file, by a temporary one beside it and a rename.

    A private one nobody else may read, at no moment. What stood there stays until then, and stays
    where this fails: the disk is full, the folder is not to be written, the run is killed. Raises
    OSError; nothing is left behind then.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if not private:  # as a temporary file is made
            draft.chmod((_RUN_BY_ALL if executable else _READ_BY_ALL) & ~_umask())
        draft.replace(path)
        _remember(path.parent)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def settle(folder: Path) -> None:
    """Have all that was written to the file system of a folder survive a power loss.

    May take as long as writing it did. Raises OSError.
    """
    import ctypes

    handle = os.open(folder, os.O_RDONLY)
    try:
        syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
        if syncfs is None:  # not Linux
            os.sync()
        elif syncfs(handle):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(folder))
    finally:
        os.close(handle)


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
