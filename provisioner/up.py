"""The conductor of environments: detect, resolve, lock, make, prove; and what became of them.

Nothing here prints; ``tell`` hears what takes long.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

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

if TYPE_CHECKING:
    from provisioner.environments.build import Wanted
    from provisioner.room import Need


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What ``up`` came to."""

    environment: Environment
    changed: bool
    """False: it was there already, just so."""
    warnings: tuple[Warning, ...] = ()


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """What ``up`` is about to do, before anything is done."""

    name: str
    path: str
    """The folder of the environment."""
    plan: Plan
    there: Environment | None
    """The environment where it is already just so: then there is nothing to do."""
    need: Need | None
    """What it takes; None where there is nothing to do.

    Steps that need root have their place beside it: shown and agreed to before any is done.
    """


Agree = Callable[[Intent], None]
"""Hears what is about to be done, and raises where that is not wanted."""


def intended(name: str, asked: Asked, *, offline: bool, tell: Progress) -> Intent:
    """Return what ``up`` would do on this machine, and do nothing of it.

    Raises UsageError ``bad-name`` and ``not-this-machine``, RefusedError ``needs-system-steps``
    for a plan that packages alone do not fulfil, and what ``workflow.plan_for`` and
    ``locking.locked`` raise.
    """
    _planned(name, asked)
    return _intent(place(name), asked, offline=offline, tell=tell)[0]


def up(name: str, asked: Asked, *, offline: bool, tell: Progress, agree: Agree) -> Made:
    """Make an environment on this machine, or leave it where it is already just so.

    Its name is held from before the lock, so that nothing is done twice. ``agree`` is called once
    it is clear what is to be done, and not where that is nothing. Raises what ``intended``,
    ``agree``, ``environments.hold.held`` and ``environments.build.made`` raise, and OutsideError
    ``disk-full`` before anything is begun; after any of it, everything is as it was.
    """
    from provisioner.environments.build import made
    from provisioner.lock import Uv

    _planned(name, asked)
    with held(name) as folder:
        store.own(folder)
        intent, wanted = _intent(folder, asked, offline=offline, tell=tell)
        if intent.need is not None:
            agree(intent)
            intent.need.check()
        weights = intent.need.weights if intent.need else None
        uv = Uv(settings.current(), offline=offline, tell=tell, weights=weights)
        environment, changed = made(folder, wanted, uv, tell)
    notes = (Warning("companion-not-loading", note) for note in environment.notes)
    return Made(environment=environment, changed=changed, warnings=(*intent.plan.warnings, *notes))


def _planned(name: str, asked: Asked) -> None:
    """Refuse at once what needs no lock to be refused."""
    place(name)
    _only_packages(workflow.plan_for(_here(asked)))


def _intent(folder: Path, asked: Asked, *, offline: bool, tell: Progress) -> tuple[Intent, Wanted]:
    from provisioner.environments.build import Wanted, already
    from provisioner.lock import Uv, sources_of
    from provisioner.locking import locked
    from provisioner.room import need_of

    found = locked(_here(asked), offline=offline, tell=tell)
    plan = found.plan
    _only_packages(plan)
    wanted = Wanted(name=folder.name, plan=plan, lock=found.lock.text, gpus=_visible(asked, plan))
    there = already(folder, wanted) if folder.is_dir() else None
    need = None
    if there is None:
        tell.step("looking at how much is to be fetched")
        uv = Uv(settings.current(), offline=offline, tell=tell)
        sources = sources_of(plan, uv.settings, uv.default_index)
        need = need_of(found.lock, sources, uv, folder)
    intent = Intent(name=folder.name, path=str(folder), plan=plan, there=there, need=need)
    return intent, wanted


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
