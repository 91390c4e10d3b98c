"""How fast the processor and its memory are, with nothing but the standard library."""

from __future__ import annotations

import ctypes
import mmap
import os
import random
import zlib
from collections.abc import Callable

from provisioner.bench.runs import measurement, repeated
from provisioner.report import Measurement

_RUNS = 7
_TEXT_BYTES = 256 * 1024
_LEVEL = 6
_LARGEST_BYTES = 1 << 30
_SMALLEST_BYTES = 4 << 20
_SHARE_OF_MEMORY = 16
_USUAL_MEMORY_BYTES = 4 << 30
_MB, _GB = 1e6, 1e9


def cores() -> int:
    """Return how many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def compression(budget_s: float) -> list[Measurement]:
    """Return how fast zlib packs a text: on one core, then on all of them."""
    text = _text()

    def pack() -> float:
        zlib.compress(text, _LEVEL)
        return len(text) / _MB

    return [
        measurement(
            f"compression, {word}",
            repeated([pack] * count, budget_s / 2, _RUNS),
            "MB/s",
            "cpu",
            f"zlib level {_LEVEL}, {count} side by side" if count > 1 else f"zlib level {_LEVEL}",
        )
        for word, count in _teams()
    ]


def memory_copy(budget_s: float, memory_bytes: int | None) -> list[Measurement]:
    """Return how fast memory is copied: bytes read and bytes written, both counted.

    The blocks together are larger than the caches of most processors, and never more than a
    sixteenth of ``memory_bytes``.
    """
    room = min(_LARGEST_BYTES, (memory_bytes or _USUAL_MEMORY_BYTES) // _SHARE_OF_MEMORY)
    told = "bytes read and bytes written"
    found = []
    for word, count in _teams():
        size = max(_SMALLEST_BYTES, room // (2 * count))
        rates = repeated([_copying(size) for _ in range(count)], budget_s / 2, _RUNS)
        found.append(measurement(f"copy, {word}", rates, "GB/s", "memory", told))
    return found


def _teams() -> tuple[tuple[str, int], ...]:
    return ("one core", 1), ("all cores", cores())


def _text() -> bytes:
    """The same text on every machine, about as easy to pack as prose."""
    chosen = random.Random(0)  # noqa: S311 - no secret
    words = [chosen.randbytes(chosen.randint(2, 9)) for _ in range(400)]
    return b" ".join(chosen.choices(words, k=_TEXT_BYTES // 4))[:_TEXT_BYTES]


def _copying(size: int) -> Callable[[], float]:
    """Copy one block to another; ctypes leaves the interpreter's lock meanwhile."""
    blocks = (mmap.mmap(-1, size), mmap.mmap(-1, size))
    source, target = (ctypes.addressof(ctypes.c_char.from_buffer(block)) for block in blocks)

    # Memory that nobody wrote yet is one page of zeros, read from the cache.
    ctypes.memset(source, 1, size)

    def copy() -> float:
        # The blocks stay alive as long as this function does.
        ctypes.memmove(target, source, len(blocks[0]))
        return 2 * size / _GB

    return copy
