"""Runs made into one measurement, and work done side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from statistics import median

import msgspec

from provisioner.report import Measurement

ENOUGH_FOR_STRAYS = 5
_DIGITS = 4


class NotMeasured(msgspec.Struct, frozen=True):
    """Something that could have been measured, and the reason why it was not."""

    name: str
    why: str


Found = tuple[list[Measurement], list[NotMeasured]]
"""What a part of the benchmark comes to."""


def measurement(
    name: str, values: Sequence[float], unit: str, device: str, detail: str = ""
) -> Measurement:
    """Return the median of some runs and their spread, warm-ups left out by the caller.

    Of five runs or more the slowest and the fastest do not count for the spread: one of them may
    have met another program.
    """
    listed = sorted(values)
    kept = listed[1:-1] if len(listed) >= ENOUGH_FOR_STRAYS else listed
    return Measurement(
        name=name,
        value=rounded(median(listed)),
        unit=unit,
        device=device,
        low=rounded(kept[0]),
        high=rounded(kept[-1]),
        runs=len(listed),
        detail=detail,
    )


def rounded(value: float) -> float:
    """Return a number with the four digits that a measurement may claim at most."""
    return float(f"{value:.{_DIGITS}g}")


def side_by_side(work: Sequence[Callable[[], float]], seconds: float) -> float:
    """Return what several threads did per second, each repeating its work for some time.

    Each piece of work returns its amount, and must leave the interpreter's lock while it computes.
    """
    deadline = time.perf_counter() + seconds
    done = [0.0] * len(work)

    def repeat(place: int) -> None:
        while time.perf_counter() < deadline:
            done[place] += work[place]()

    begun = time.perf_counter()
    # Daemons: Ctrl-C does not wait for them.
    threads = [threading.Thread(target=repeat, args=(n,), daemon=True) for n in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - begun)


def repeated(work: Sequence[Callable[[], float]], budget_s: float, runs: int) -> list[float]:
    """Return the rates of some runs that share a time, after a warm-up that shares it too."""
    share = budget_s / (runs + 1)
    return [side_by_side(work, share) for _ in range(runs + 1)][1:]
