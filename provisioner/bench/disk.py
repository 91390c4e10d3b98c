"""How fast the file system of the environments is: written and read past the page cache.

The file has no name from its first moment (``O_TMPFILE``), or loses it at once: however this
process ends, nothing is left. It takes a twentieth of the free room at most.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from provisioner.bench.runs import Found, NotMeasured, measurement
from provisioner.report import Measurement

_BLOCK = 4 << 20
_SEGMENT = 32 << 20
_SMALL = 4096
_LARGEST = 1 << 30
_SHARE_OF_FREE = 20
_LEAST_SEGMENTS = 2
_MOST_READS = 1000
_RUNS = 7
_MB = 1e6
_DIRECT = getattr(os, "O_DIRECT", 0)


def disk(folder: Path, budget_s: float) -> Found:
    """Return how fast a file below ``folder`` is written, read, and read here and there.

    ``folder`` need not exist: the nearest folder above it that does stands on the same file
    system. What the system refuses is told as not measured.
    """
    place = _nearest(folder)
    try:
        room = os.statvfs(place)
        size = min(_LARGEST, room.f_bavail * room.f_frsize // _SHARE_OF_FREE)
        size -= size % _SEGMENT
        if size < _LEAST_SEGMENTS * _SEGMENT:
            return [], [NotMeasured("disk", f"there is too little room in {place}")]
        with contextlib.closing(_Unnamed(place)) as file:
            return _measured(file, size, budget_s), []
    except OSError as error:
        return [], [NotMeasured("disk", f"{place}: {error.strerror or error}")]


def file_system(folder: Path) -> str:
    """Return the kind of file system that a folder lies on, ``ext4``; empty if nobody says."""
    from provisioner.detect.disks import parse_mounts

    place = os.path.realpath(_nearest(folder))
    try:
        mounts = parse_mounts(Path("/proc/mounts").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""
    above = [m for m in mounts if os.path.commonpath([m.path, place]) == m.path]
    return max(above, key=lambda mount: len(mount.path)).type if above else ""


def _nearest(folder: Path) -> Path:
    folder = folder.absolute()
    return next((path for path in (folder, *folder.parents) if path.is_dir()), folder)


class _Unnamed:
    """A file without a name, past the page cache where the file system can do that."""

    def __init__(self, folder: Path) -> None:
        self.direct = False
        self.handle = self._direct(folder)
        if self.handle < 0:
            with tempfile.TemporaryFile(dir=folder) as file:
                self.handle = os.dup(file.fileno())

    def _direct(self, folder: Path) -> int:
        if not _DIRECT or not hasattr(os, "O_TMPFILE"):
            return -1
        try:
            handle = os.open(folder, os.O_TMPFILE | os.O_RDWR | _DIRECT, 0o600)
        except OSError:
            return -1
        try:
            # Some file systems take the flag and then refuse to write.
            with mmap.mmap(-1, _SMALL) as block:
                os.pwrite(handle, block, 0)
        except OSError:
            os.close(handle)
            return -1
        self.direct = True
        return handle

    def close(self) -> None:
        """Give the room back."""
        os.close(self.handle)

    def forget_cached(self) -> None:
        """Let the next read come from the disk."""
        if not self.direct and hasattr(os, "posix_fadvise"):
            os.fsync(self.handle)
            os.posix_fadvise(self.handle, 0, 0, os.POSIX_FADV_DONTNEED)


def _measured(file: _Unnamed, size: int, budget_s: float) -> list[Measurement]:
    how = "past the page cache" if file.direct else "page cache emptied before"
    with mmap.mmap(-1, _BLOCK) as block:
        # Not zeros: some file systems store those as nothing.
        block[:] = os.urandom(_BLOCK)

        def write(place: int) -> None:
            os.pwrite(file.handle, block, place)

        def read(place: int) -> None:
            os.preadv(file.handle, [block], place)

        third = budget_s / 3
        writes = _segments(write, size, third, lambda: os.fdatasync(file.handle))
        written = _SEGMENT * len(writes)
        file.forget_cached()
        reads = _segments(read, written, third, lambda: None)
    file.forget_cached()
    return [
        measurement("write", _warm(writes), "MB/s", "disk", f"in one stream, flushed, {how}"),
        measurement("read", _warm(reads), "MB/s", "disk", f"in one stream, {how}"),
        measurement(
            "scattered reads", _scattered(file, written, third), "reads/s", "disk", f"4 KiB, {how}"
        ),
    ]


def _segments(
    move: Callable[[int], None], size: int, budget_s: float, done: Callable[[], None]
) -> list[float]:
    """The rates of segment after segment, until the size or the time is reached."""
    deadline = time.perf_counter() + budget_s
    rates: list[float] = []
    for start in range(0, size, _SEGMENT):
        begun = time.perf_counter()
        for place in range(start, start + _SEGMENT, _BLOCK):
            move(place)
        done()
        now = time.perf_counter()
        rates.append(_SEGMENT / _MB / (now - begun))
        if now > deadline and len(rates) >= _LEAST_SEGMENTS:
            break
    return rates


def _warm(rates: list[float]) -> list[float]:
    """Without the first, in which the file system only begins."""
    return rates[1:] if len(rates) > 1 else rates


def _scattered(file: _Unnamed, size: int, budget_s: float) -> list[float]:
    chosen = random.Random(0)  # noqa: S311 - no secret
    rates = []
    with mmap.mmap(-1, _SMALL) as block:
        for _ in range(_RUNS):
            begun = time.perf_counter()
            count, taken = 0, 0.0
            while count < _MOST_READS and taken < budget_s / _RUNS:
                os.preadv(file.handle, [block], chosen.randrange(size // _SMALL) * _SMALL)
                count += 1
                taken = time.perf_counter() - begun
            rates.append(count / taken)
    return rates
