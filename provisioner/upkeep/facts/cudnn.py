"""The drivers that cuDNN's support matrix asks for."""

from __future__ import annotations

from provisioner.catalog.rows import PerSystem
from provisioner.upkeep.facts.table import Facts
from provisioner.version import is_dotted


def driver_floor(facts: Facts, version: str, major: str) -> tuple[PerSystem | None, str]:
    """The driver that the support matrix asks for, and where it says so.

    Lines for one GPU generation only are left out: that floor is the architecture's.
    """
    for row in facts.rows("05_cudnn_matrix"):
        if version not in _releases(row["cudnn"]) or "(" in row["cuda"]:
            continue
        columns = (row["cuda"], row["min_driver_linux"], row["min_driver_windows"])
        for cuda, linux, windows in zip(*(text.split(" / ") for text in columns), strict=False):
            if cuda.startswith(f"{major}.") and is_dotted(linux):
                floor = PerSystem(linux, windows if is_dotted(windows) else None)
                return floor, row["source"]
    return None, ""


def _releases(text: str) -> set[str]:
    """The releases in ``9.5.0-9.5.1``: a range runs over the last number."""
    first, _, last = text.partition("-")
    if not is_dotted(first) or not is_dotted(last or first):
        return set()
    stem, _, low = first.rpartition(".")
    high = (last or first).rpartition(".")[2]
    return {f"{stem}.{number}" for number in range(int(low), int(high) + 1)}
