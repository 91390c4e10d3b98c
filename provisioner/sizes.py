"""Sizes for people, everywhere in one form: ``812 MB``, ``1.3 GB``."""

from __future__ import annotations

_STEP = 1000
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def human(count: int) -> str:
    """A number of bytes in decimal units, as disks and downloads are sold: ``2.4 GB``."""
    value, units = float(count), iter(_UNITS)
    unit = next(units)
    # What would be rounded to 1000 belongs to the next unit.
    while value >= _STEP - 0.5 and unit != _UNITS[-1]:
        value, unit = value / _STEP, next(units)
    tenths = unit in {"GB", "TB"} and value < _STEP / 10
    return f"{value:.1f} {unit}" if tenths else f"{value:,.0f} {unit}"
