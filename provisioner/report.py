"""What was seen of an environment or a machine: checks that passed or not, and measurements."""

from __future__ import annotations

from typing import Literal

import msgspec

Result = Literal["pass", "fail", "not-applicable"]


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    name: str
    result: Result
    detail: str
    """What was seen, or why it does not apply, in a sentence without its stop."""


class Measurement(msgspec.Struct, frozen=True):
    """One number that was measured, in its unit, on a device (``cpu``, ``gpu 0``, ``disk``)."""

    name: str
    value: float
    unit: str
    device: str
