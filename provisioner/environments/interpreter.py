"""The Python an environment stands on, and the one inside it."""

from __future__ import annotations

from pathlib import Path

from provisioner.plan import Plan


def base(plan: Plan) -> str | None:
    """Return a CPython of the planned version that really ran on this machine, or None.

    A free-threaded build is another Python: wheels for the plain one do not load there.
    """
    for python in plan.machine.pythons:
        minor = ".".join(python.version.split(".")[:2])
        if minor == plan.python and not python.version.endswith("t"):
            return python.path
    return None


def inside(folder: Path) -> Path:
    """Return the interpreter of an environment."""
    return folder / "bin" / "python"
