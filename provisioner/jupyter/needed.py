"""What an environment must hold to be a kernel or to serve JupyterLab."""

from __future__ import annotations

import re
from pathlib import Path

from provisioner.environments import again
from provisioner.environments.record import Environment
from provisioner.errors import RefusedError


def holds(environment: Environment, package: str) -> bool:
    """Whether a package is installed in the environment's current generation."""
    folders = Path(environment.path).glob("lib/*/site-packages/*.dist-info")
    names = (folder.name.split("-")[0] for folder in folders)
    return package in {re.sub(r"[-_.]+", "-", name).lower() for name in names}


def need(environment: Environment, package: str, purpose: str) -> None:
    """Refuse an environment without a package, with the command that adds it.

    Raises RefusedError ``package-missing``.
    """
    if not holds(environment, package):
        raise RefusedError(
            "package-missing",
            f"{environment.name} holds no {package}, and {purpose} needs it.",
            hint=f"Add it: {again.command(environment, package)}",
        )
