"""What an uv that was killed leaves in its cache: downloads that came to nothing.

uv 0.13 unpacks into folders ``.tmp…`` of its cache and renames them when they are whole. One that
is killed leaves them for ever, gigabytes where a framework was on its way: no later run looks at
them. ``uv cache prune`` would, but takes away environments and archives of the user's too.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

_LOCK = ".lock"
"""Every uv that uses a cache holds this file of it, together with others."""


def sweep(cache: Path, since: float) -> None:
    """Remove the halves that were begun after a moment, in seconds of the epoch.

    Nothing is removed while any uv uses the cache, and nothing older: an uv of days that knew no
    such lock may be at work on it.
    """
    if os.name == "nt":
        return
    import fcntl

    with contextlib.suppress(OSError), (cache / _LOCK).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for path in cache.glob(".tmp*"):
            about = path.lstat()
            if about.st_mtime >= since and about.st_uid == os.geteuid():
                _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
