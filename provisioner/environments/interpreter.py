"""The Python inside an environment, and the one it may stand on."""

from __future__ import annotations

import os
from pathlib import Path

from provisioner import saved
from provisioner.plan import Plan


def is_here(plan: Plan) -> bool:
    """Whether this machine was seen to have a Python of the planned release."""
    releases = (python.version.split(".")[:2] for python in plan.machine.pythons)
    return plan.python.split(".") in releases


def inside(folder: Path) -> Path:
    """Return the interpreter of an environment."""
    return folder / "bin" / "python"


def lost(folder: Path) -> str | None:
    """Return why an environment has no Python of its own; None where it has one.

    An environment links to the Python it stands on, and that may be taken away from under it.
    Without the file that says where that lies, the link is the base Python and no more: it sees
    the base's packages. No process is started to tell.
    """
    python = inside(folder)
    if not (python.is_file() and os.access(python, os.X_OK)):
        return f"its Python is gone: {os.path.realpath(python)}"
    told = folder / "pyvenv.cfg"
    try:
        lines = saved.kept(told).decode("utf-8").splitlines()
    except (OSError, ValueError):
        return f"its Python is only the one it stands on: {told} cannot be read"
    if not any(line.partition("=")[0].strip().lower() == "home" for line in lines):
        return f"its Python is only the one it stands on: {told} names no home"
    return None
