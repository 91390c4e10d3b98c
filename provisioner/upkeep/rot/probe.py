"""What an environment must be able to do: import, multiply, hand to numpy and take back.

The programs are those of ``dlsetup verify``; they run in the interpreter that is tried, Python 3.6
among them, as their users would.
"""

from __future__ import annotations

from pathlib import Path

from provisioner.verify.probes import half_broken, path_of

__all__ = ["FRAMEWORKS", "WORKS", "command", "half_broken", "sources"]

_OWN = ("torch", "tensorflow", "jax")
_ALSO = {"tensorflow-cpu": "tensorflow", "tensorflow-gpu": "tensorflow"}
FRAMEWORKS = (*_OWN, *_ALSO)
"""The projects that there is a program for."""
WORKS = "works"
"""How the last line of a program ends that came to its end."""


def command(framework: str) -> tuple[str, ...]:
    """The words that have an interpreter try a framework."""
    # -I: as its users would, without the caller's folder and settings.
    return "-I", "-B", str(_program(_ALSO.get(framework, framework))), "numpy"


def sources() -> tuple[Path, ...]:
    """The files that decide what it means to work."""
    return (*map(_program, _OWN), path_of("verify/beside/exactness.py"))


def _program(framework: str) -> Path:
    return path_of(f"verify/{framework}.py")
