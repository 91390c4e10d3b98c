"""The disk that trying releases may use: counted, bounded, and given back."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from provisioner.errors import OutsideError

GIB = 1024**3
MOST_BYTES = 25 * 10**9
"""What environments and fetched wheels may hold together at any time."""
NEED_BYTES = 9 * 10**9
"""What one release may add: the largest so far, with its CUDA libraries, unpacked and fetched."""
_SPARE_BYTES = 3 * 10**9
"""What is left to everybody else on the disk."""
_BLOCK = 512


def used_bytes(folder: Path) -> int:
    """What a folder holds on the disk, a file of several names once."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for status in _files(folder):
        if status.st_nlink > 1:
            file = (status.st_dev, status.st_ino)
            if file in seen:
                continue
            seen.add(file)
        total += status.st_blocks * _BLOCK
    return total


def _files(folder: Path) -> Iterator[os.stat_result]:
    waiting = [os.fspath(folder)]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:  # taken away meanwhile
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            with contextlib.suppress(OSError):
                yield entry.stat(follow_symlinks=False)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Have a folder for oneself: two runs would install over each other.

    Raises OutsideError ``already-running``, and ``cannot-write`` where there can be no folder.
    """
    import fcntl

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("wb")
    except OSError as error:
        raise OutsideError(
            "cannot-write", f"{folder} cannot be written.", context=(error.strerror or str(error),)
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OutsideError(
                "already-running",
                f"Another run installs releases in {folder}.",
                hint="Wait until it ends, or name another folder in XDG_CACHE_HOME.",
            ) from None
        yield


class Disk:
    """A folder that never holds more than ``most`` bytes; ``peak`` is the most that was seen."""

    def __init__(self, folder: Path, *, most: int = MOST_BYTES, need: int = NEED_BYTES) -> None:
        self.folder = folder
        self.most = most
        self.need = need
        self.peak = 0

    def make_room(self, *to_drop: Path) -> None:
        """Have room for one more release; drop folders, in their order, only where it needs that.

        Raises OutsideError ``disk-full`` when that is not enough, here or on the whole disk.
        """
        for folder in (*to_drop, None):
            if self.count() + self.need <= self.most and self._free() >= self.need + _SPARE_BYTES:
                return
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
        raise OutsideError(
            "disk-full",
            f"There is no room on the disk for another release in {self.folder}.",
            context=(
                f"free    {self._free() / GIB:.1f} GiB",
                f"needed  {(self.need + _SPARE_BYTES) / GIB:.1f} GiB",
            ),
            hint="Make room, or name a folder on another disk in XDG_CACHE_HOME.",
        )

    def count(self) -> int:
        """What the folder holds now, in bytes."""
        used = used_bytes(self.folder)
        self.peak = max(self.peak, used)
        return used

    def _free(self) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.folder).free
