"""The Python inside an environment."""

from __future__ import annotations

from pathlib import Path


def inside(folder: Path) -> Path:
    """Return the interpreter of an environment."""
    return folder / "bin" / "python"
