"""The conductor of environments: detect, resolve, lock, make, prove; and what became of them.

Nothing here prints; ``tell`` hears what takes long.
"""

from __future__ import annotations

import os
from typing import NoReturn

import msgspec

from provisioner import process, settings, workflow
from provisioner.environments import store
from provisioner.environments.hold import held
from provisioner.environments.place import place
from provisioner.environments.proof import VISIBLE
from provisioner.environments.record import Environment
from provisioner.errors import RefusedError
from provisioner.plan import Plan, Warning
from provisioner.progress import Progress
from provisioner.workflow import Asked


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What ``up`` came to."""

    environment: Environment
    changed: bool
    """False: it was there already, just so."""
    warnings: tuple[Warning, ...] = ()


def planned(name: str, asked: Asked) -> Plan:
    """Return the plan that ``up`` would carry out on this machine.

    Raises UsageError ``bad-name`` and ``not-this-machine``, RefusedError ``needs-system-steps``
    for a plan that packages alone do not fulfil, and what ``workflow.plan_for`` raises.
    """
    place(name)
    plan = workflow.plan_for(_here(asked))
    _only_packages(plan)
    return plan


def up(name: str, asked: Asked, *, offline: bool, tell: Progress) -> Made:
    """Make an environment on this machine, or leave it where it is already just so.

    Its name is held from before the lock, so that nothing is done twice. Raises what ``planned``,
    ``environments.hold.held``, ``locking.locked`` and ``environments.build.made`` raise; after any
    of it, everything is as it was.
    """
    from provisioner.environments.build import Wanted, made
    from provisioner.lock import Uv
    from provisioner.locking import locked

    planned(name, asked)
    with held(name) as folder:
        store.own(folder)
        found = locked(_here(asked), offline=offline, tell=tell)
        _only_packages(found.plan)
        wanted = Wanted(
            name=name, plan=found.plan, lock=found.lock.text, gpus=_visible(asked, found.plan)
        )
        uv = Uv(settings.current(), offline=offline)
        environment, changed = made(folder, wanted, uv, tell)
    notes = (Warning("companion-not-loading", note) for note in environment.notes)
    warnings = (*found.plan.warnings, *notes)
    return Made(environment=environment, changed=changed, warnings=warnings)


def environments() -> tuple[tuple[Environment, ...], tuple[Warning, ...]]:
    """Return the environments by name, and what to know about those that are damaged."""
    return store.listed()


def environment(name: str) -> Environment:
    """Return one environment. Raises UsageError ``unknown-environment`` or ``bad-name``."""
    return store.found(name)


def remove(name: str) -> tuple[str, ...]:
    """Remove an environment; return the names of files that ``up`` did not make, and that stay.

    Raises UsageError ``unknown-environment`` or ``bad-name``, RefusedError ``environment-busy``.
    """
    return store.removed(name)


def run(name: str, words: tuple[str, ...]) -> NoReturn:
    """Let a program take this process's place, in an environment, without any shell.

    Raises UsageError as ``environment`` does, OutsideError ``environment-damaged``,
    ``program-not-found`` or ``program-not-runnable``.
    """
    found = store.usable(name)
    env = {key: value for key, value in os.environ.items() if key != "PYTHONHOME"}
    path = env.get("PATH", os.defpath)
    env |= {"VIRTUAL_ENV": found.path, "PATH": f"{found.path}/bin{os.pathsep}{path}"}
    if found.gpus is not None:
        # It was made for these, and nothing was proved on others; who names some knows better.
        env.setdefault(VISIBLE, ",".join(found.gpus))
    process.become(words, env)


def _here(asked: Asked) -> Asked:
    """The request, whose machine options may only narrow this machine."""
    options = msgspec.structs.replace(asked.options, narrow=True)
    return msgspec.structs.replace(asked, options=options, via=asked.via or "pip")


def _visible(asked: Asked, plan: Plan) -> tuple[str, ...] | None:
    """The UUIDs of the GPUs that were named; None where none was, or where they bear none."""
    if not asked.options.gpus:
        return None
    named = tuple(gpu.uuid for gpu in plan.machine.gpus if gpu.uuid)
    return named if len(named) == len(plan.machine.gpus) else None


def _only_packages(plan: Plan) -> None:
    """Refuse what an environment alone cannot fulfil: other drivers, images, conda."""
    reasons = []
    if plan.driver.action not in {"keep", "none"}:
        reasons.append(f"the driver: {plan.driver.action}, to {plan.driver.minimum} or later")
    if plan.via != "pip":
        reasons.append(f"its packages come by {plan.via}")
    if reasons:
        raise RefusedError(
            "needs-system-steps",
            "This plan changes more than an environment, and up changes nothing else yet.",
            context=tuple(reasons),
            hint="Read and run the script that does it: dlsetup render script REQ -o install.sh",
            data={"plan": plan},
        )
