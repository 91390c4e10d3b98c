"""What programs that measure print, one JSON object a line, and what becomes of it."""

from __future__ import annotations

import math

import msgspec

from provisioner.bench.runs import NotMeasured, measurement
from provisioner.report import Measurement

CPU = "cpu"


class Seen(msgspec.Struct, frozen=True):
    """A GPU as a program numbers it."""

    index: int
    uuid: str | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line: a GPU that is there, a measure, one that could not be taken, or an error."""

    gpu: Seen | None = None
    device: int | None = None
    """The GPU by the program's own number; None: the processor."""
    measure: str = ""
    unit: str = ""
    values: tuple[float, ...] = ()
    start: float = 0.0
    end: float = 0.0
    """On the monotonic clock."""
    detail: str = ""
    losses: tuple[float, ...] = ()
    """Before and after a training; of one that computes, the second is lower."""
    missing: str = ""
    error: str = ""


class Interval(msgspec.Struct, frozen=True):
    """When a device was under which load, on the monotonic clock."""

    device: str
    measure: str
    start: float
    end: float


class Told(msgspec.Struct, frozen=True):
    """What a program told."""

    results: list[Measurement] = []
    missing: list[NotMeasured] = []
    intervals: list[Interval] = []


def lines_of(text: str) -> list[Line]:
    """Return the lines of a program; what is none of them, or was cut off, is passed over."""
    found = []
    for raw in text.splitlines():
        if not raw.startswith("{"):
            continue
        try:
            found.append(msgspec.json.decode(raw, type=Line))
        except (msgspec.MsgspecError, ValueError):
            continue
    return found


def told(lines: list[Line], devices: dict[int, str], by: str = "") -> Told:
    """Return the measures in the words of the report.

    ``devices`` are the names of the GPUs by the program's numbers; lines of others are passed
    over. ``by`` is the framework that computed, and part of each name.
    """
    found = Told()
    for line in lines:
        device = CPU if line.device is None else devices.get(line.device)
        if device is None or not line.measure:
            continue
        name = f"{by} {line.measure}".strip()
        why = line.missing or _doubt(line)
        if why:
            found.missing.append(NotMeasured(f"{name} on {device}", why))
            continue
        found.results.append(measurement(name, line.values, line.unit, device, line.detail))
        found.intervals.append(Interval(device, line.measure, line.start, line.end))
    return found


def _doubt(line: Line) -> str:
    """Why a line that claims to have measured did not."""
    if not line.values or not all(math.isfinite(value) and value > 0 for value in line.values):
        return "the program told no number"
    if line.losses and not line.losses[-1] < line.losses[0]:
        before, after = line.losses[0], line.losses[-1]
        return f"the loss did not fall ({before:.4g}, then {after:.4g}): it did not compute rightly"
    return ""
