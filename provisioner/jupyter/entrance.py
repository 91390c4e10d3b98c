"""The way back into dlsetup, for what starts it later: a kernel, a service."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

import provisioner

_PLACES = ("DLSETUP_HOME", "XDG_DATA_HOME")
"""The variables that say where environments lie."""


def words(*more: str) -> tuple[str, ...]:
    """Return the command line of ``dlsetup``, by absolute paths that last, and more words.

    The launcher of a checkout renews its private Python under other names, so that one is named
    by the launcher alone.
    """
    package = Path(provisioner.__file__).resolve().parent
    launcher = package.parent / "dlsetup"
    if (Path(sys.prefix).parent / "current").is_file() and launcher.is_file():
        return (str(launcher), *more)
    python = (sys.executable, "-I")
    if str(package).startswith(os.path.realpath(sysconfig.get_path("purelib"))):
        return (*python, "-m", "provisioner", *more)
    program = (
        f"import sys; sys.path.insert(0, {str(package.parent)!r}); "
        "from provisioner.__main__ import run; run()"
    )
    return (*python, "-c", program, *more)


def variables() -> dict[str, str]:
    """Return the variables by which dlsetup finds its environments again, where any is set."""
    chosen = {name: os.environ.get(name, "") for name in _PLACES}
    return {name: os.path.abspath(text) for name, text in chosen.items() if text}
