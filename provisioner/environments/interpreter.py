"""The Python inside an environment, and the one it may stand on."""

from __future__ import annotations

import os
from pathlib import Path

from provisioner.plan import Plan


def is_here(plan: Plan) -> bool:
    """Whether this machine was seen to have a Python of the planned release."""
    releases = (python.version.split(".")[:2] for python in plan.machine.pythons)
    return plan.python.split(".") in releases


def inside(folder: Path) -> Path:
    """Return the interpreter of an environment."""
    return folder / "bin" / "python"


def lost(folder: Path) -> str | None:
    """Return the path at which an environment's interpreter is missed; None where it is there.

    An environment links to the Python it stands on, and that may be taken away from under it.
    """
    python = inside(folder)
    return None if os.access(python, os.X_OK) else os.path.realpath(python)
