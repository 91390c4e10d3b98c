"""The command that makes an environment anew, as a person would type it."""

from __future__ import annotations

import shlex

from provisioner.environments.record import Environment


def command(environment: Environment, *more: str) -> str:
    """Return the ``dlsetup up`` that asks for what an environment was asked for, and for more."""
    request = environment.plan.request
    words = (*request.profiles, *request.requirements, *request.companions, *more)
    options = ["--python", request.python] if request.python else []
    options += ["--pre"] if request.pre else []
    options += ["--keep-driver"] if request.keep_driver else []
    options += _gpus(environment)
    # What a profile brings and was asked for too is said once.
    return shlex.join(["dlsetup", "up", environment.name, *dict.fromkeys(words), *options])


def _gpus(environment: Environment) -> list[str]:
    """The options that narrow the machine as it was narrowed then."""
    if environment.gpus is None:
        return []
    names = [gpu.name for gpu in environment.plan.machine.gpus]
    return [word for name in names or ["none"] for word in ("--gpu", name)]
