"""The one door to writing files: each appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path

_READ_BY_ALL, _RUN_BY_ALL = 0o666, 0o777


def put(path: Path, data: bytes, *, executable: bool = False, private: bool = False) -> None:
    """Put data into a file, by a temporary one beside it and a rename.

    A private one nobody else may read, at no moment. What stood there stays until then, and stays
    where this fails: the disk is full, the folder is not to be written, the run is killed. Raises
    OSError; nothing is left behind then.
    """
    draft = _draft(path, data, executable=executable, private=private)
    try:
        draft.replace(path)
        _remember(path.parent)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def put_all(files: Iterable[tuple[Path, bytes, bool]]) -> None:
    """Put several files, each its path, data and whether it is executable: all of them or none.

    Folders are made. Where one file fails, what stood there before stands there again. Raises
    OSError, which names the file where something that is no file has its name.
    """
    with ExitStack() as scraps, ExitStack() as undo:
        ready = []
        for path, data, executable in files:
            if path.exists() and not path.is_file():
                what = "it is a folder" if path.is_dir() else "it is no file"
                raise OSError(0, what, str(path))
            _make_folder(path.parent, scraps)
            draft = _draft(path, data, executable=executable)
            scraps.callback(draft.unlink, missing_ok=True)
            ready.append((path, draft, _copy(path, scraps)))
        for path, draft, before in ready:
            draft.replace(path)
            if before:
                undo.callback(before.replace, path)
            else:
                undo.callback(path.unlink)
            _remember(path.parent)
        undo.pop_all()  # everything is there: nothing is taken back


def _draft(path: Path, data: bytes, *, executable: bool = False, private: bool = False) -> Path:
    """Write data beside where it is to be."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if not private:  # as a temporary file is made
            draft.chmod((_RUN_BY_ALL if executable else _READ_BY_ALL) & ~_umask())
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft


def _copy(path: Path, scraps: ExitStack) -> Path | None:
    """Copy beside it what stands there, with its mode; None where nothing does."""
    if not path.exists():
        return None
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    scraps.callback(Path(name).unlink, missing_ok=True)
    shutil.copy2(path, name)
    return Path(name)


def _make_folder(folder: Path, scraps: ExitStack) -> None:
    """Make a folder with those above it; one that is empty in the end goes again."""
    if folder.is_dir():
        return
    _make_folder(folder.parent, scraps)
    folder.mkdir()
    scraps.callback(_drop, folder)


def _drop(folder: Path) -> None:
    with suppress(OSError):  # it holds something
        folder.rmdir()


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
