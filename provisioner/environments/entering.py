"""What a program finds in its surroundings when it runs in an environment."""

from __future__ import annotations

import os
from pathlib import Path

from provisioner.environments import toolkit
from provisioner.environments.record import Environment
from provisioner.verify.visible import VISIBLE


def variables(environment: Environment) -> dict[str, str]:
    """Return this process's variables, as a program in an environment is to see them."""
    found = {key: value for key, value in os.environ.items() if key != "PYTHONHOME"}
    path = found.get("PATH", os.defpath)
    found["VIRTUAL_ENV"] = environment.path
    found["PATH"] = f"{environment.path}/bin{os.pathsep}{path}"
    tools = toolkit.variables(Path(environment.path), environment.plan)
    if tools:
        # Behind the environment's own nvcc, which knows the host compiler.
        found["PATH"] = (
            f"{environment.path}/bin{os.pathsep}{tools['CUDA_HOME']}/bin{os.pathsep}{path}"
        )
    found |= tools
    if environment.gpus is not None:
        # It was made for these, and nothing was proved on others; who names some knows better.
        found.setdefault(VISIBLE, ",".join(environment.gpus))
    return found
