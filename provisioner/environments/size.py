"""How much disk an environment takes, counted file by file."""

from __future__ import annotations

import os
from pathlib import Path

from provisioner.environments.record import Size

_BLOCK = 512
"""The unit of ``st_blocks``, whatever the file system's own is."""


def size_of(place: Path) -> Size:
    """Return what the files below a folder occupy, each counted once. Raises OSError."""
    seen: set[tuple[int, int]] = set()
    total = shared = 0
    for folder, _, names in os.walk(place):
        for path in (folder, *(os.path.join(folder, name) for name in names)):
            about = os.lstat(path)
            if (about.st_dev, about.st_ino) in seen:
                continue
            seen.add((about.st_dev, about.st_ino))
            occupied = about.st_blocks * _BLOCK
            total += occupied
            # A folder's links are its subfolders.
            shared += occupied if about.st_nlink > 1 and path != folder else 0
    return Size(bytes=total, shared_bytes=shared)
