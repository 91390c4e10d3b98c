"""What a uv that was killed leaves in its cache: half-unpacked wheels, which nobody would miss."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_HALF_MADE = (".tmp*", "builds-*/.tmp*", "simple-v*/**/.tmp*", "wheels-v*/**/.tmp*")
"""Wheels, and small files about them; never what lies in ``archive-v*``, which is others' text."""
_LOCK = ".lock"


_PAUSE_S = 0.05


def sweep(cache: Path, patience_s: float = 0.0) -> None:
    """Take away what was half unpacked; nothing while any uv works with the cache.

    Without this, each download of gigabytes that is stopped stays there for good. One that was
    just killed holds its lock until the system has put it away: ``patience_s`` is for that.
    """
    with contextlib.suppress(OSError), _alone(cache, time.monotonic() + patience_s):
        for pattern in _HALF_MADE:
            for path in cache.glob(pattern):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(cache: Path, deadline: float) -> Iterator[None]:
    """Hold uv's own lock, which each uv shares while it works. Raises OSError while one does."""
    try:
        import fcntl
    except ImportError as error:  # Windows
        raise OSError from error
    handle = os.open(cache / _LOCK, os.O_RDWR)
    try:
        while not _locked(fcntl, handle):
            if time.monotonic() > deadline:
                raise BlockingIOError
            time.sleep(_PAUSE_S)
        yield
    finally:
        os.close(handle)


def _locked(fcntl: Any, handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
