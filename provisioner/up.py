"""The conductor of environments: detect, resolve, lock, make, prove; and what became of them.

Nothing here prints; ``tell`` hears what takes long.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

import msgspec

from provisioner import process, settings, system_steps, workflow
from provisioner.environments import store
from provisioner.environments.hold import held
from provisioner.environments.place import place
from provisioner.environments.proof import VISIBLE
from provisioner.environments.record import Environment
from provisioner.plan import Plan, Warning
from provisioner.progress import Progress
from provisioner.system_steps import Agree
from provisioner.workflow import Asked

if TYPE_CHECKING:
    from provisioner.apply.part import Part
    from provisioner.locking import Locked


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What ``up`` came to."""

    environment: Environment
    changed: bool
    """False: it was there already, just so."""
    warnings: tuple[Warning, ...] = ()


def planned(name: str, asked: Asked) -> Plan:
    """Return the plan that ``up`` would carry out on this machine.

    Raises UsageError ``bad-name`` and ``not-this-machine``, and what ``workflow.plan_for`` and
    ``system_steps.needed`` raise.
    """
    place(name)
    plan = workflow.plan_for(_here(asked))
    system_steps.needed(name, plan)
    return plan


def up(
    name: str, asked: Asked, *, offline: bool, tell: Progress, agree: Agree = system_steps.refused
) -> Made:
    """Make an environment on this machine, or leave it where it is already just so.

    Its name is held from before the lock, so that nothing is done twice. What needs root is asked
    for by ``agree`` before, and done after the lock. Raises what ``planned``, ``agree``,
    ``environments.hold.held``, ``locking.locked``, ``system_steps.carried_out`` and
    ``environments.build.made`` raise; after any of it the environments are as they were, and what
    was done to the system is recorded.
    """
    from provisioner.environments.build import Wanted, made
    from provisioner.lock import Uv
    from provisioner.locking import locked

    def agreed(part: Part) -> None:
        system_steps.agreed(part, agree, offline=offline)

    def lock() -> Locked:
        return locked(_here(asked), offline=offline, tell=tell)

    part = system_steps.needed(name, planned(name, asked))
    if part is not None:
        agreed(part)

    with held(name) as folder:
        store.own(folder)
        found = _on_a_fit_system(name, lock, part, agreed, tell)
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


def _on_a_fit_system(
    name: str,
    lock: Callable[[], Locked],
    known: Part | None,
    agreed: Agree,
    tell: Progress,
) -> Locked:
    """Lock, and see to what the plan asks of the system; then look and lock once more."""
    found = lock()
    part = system_steps.needed(name, found.plan)
    if part is None:
        return found
    if part != known:  # another build stands in, and asks for another driver
        agreed(part)
    system_steps.carried_out(part, tell)
    found = lock()
    if system_steps.needed(name, found.plan) is not None:
        raise system_steps.still_needed(part)
    return found


def _visible(asked: Asked, plan: Plan) -> tuple[str, ...] | None:
    """The UUIDs of the GPUs that were named; None where none was, or where they bear none."""
    if not asked.options.gpus:
        return None
    named = tuple(gpu.uuid for gpu in plan.machine.gpus if gpu.uuid)
    return named if len(named) == len(plan.machine.gpus) else None
