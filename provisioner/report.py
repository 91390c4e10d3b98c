"""What was seen of an environment or a machine: checks that passed or not, and measurements."""

from __future__ import annotations

from typing import Literal

import msgspec

Result = Literal["pass", "fail", "not-applicable"]
Verdict = Literal["as-expected", "low"]


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    name: str
    result: Result
    detail: str
    """What was seen, or why it does not apply, in a sentence without its stop."""


class Measurement(msgspec.Struct, frozen=True):
    """One number that was measured, in its unit, on a device (``cpu``, ``gpu 0``, ``disk``).

    More is better in every unit. ``value`` is the median of several runs.
    """

    name: str
    value: float
    unit: str
    device: str
    low: float | None = None
    """The slowest and the fastest run, without one stray at each end where there are enough."""
    high: float | None = None
    runs: int = 1
    detail: str = ""
    """What exactly was run: ``4096 x 4096``."""
    expected_low: float | None = None
    """The least that the catalog lets one expect; None where it knows nothing."""
    expected_why: str = ""
    """What ``expected_low`` is made of: ``40% of the 936.2 GB/s that are stated``."""
    verdict: Verdict | None = None
    """Only where something was expected."""


Severity = Literal["error", "warning", "note"]
Confidence = Literal["certain", "likely", "unsure"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong, or worth knowing, and what to do about it."""

    reference: str
    """A word of the vocabulary: ``dlsetup doctor --explain REFERENCE``."""
    severity: Severity
    message: str
    """One sentence or two, with the fact that decides."""
    evidence: tuple[str, ...] = ()
    """What was seen and where (``Dockerfile:3: torch==2.1.0``), then what the catalog rests on."""
    fix: tuple[str, ...] = ()
    """What to write or run instead, the best first; empty where nothing is to be done."""
    confidence: Confidence = "certain"
    """``certain`` follows from facts and the text alone; ``likely`` rests on what is announced or
    on what people mean as a rule; ``unsure`` stands in a branch that need not be taken."""
