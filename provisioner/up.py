"""The conductor of environments: detect, resolve, lock, make, prove; and what became of them.

Nothing here prints; ``tell`` hears what takes long.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import msgspec

from provisioner import process, scratch, settings, system_steps, workflow
from provisioner.environments import entering, interpreter, journal, store, toolkit
from provisioner.environments.hold import held
from provisioner.environments.place import place
from provisioner.environments.record import Environment
from provisioner.errors import OutsideError, RefusedError, UsageError
from provisioner.jupyter import along
from provisioner.plan import Plan, Warning, digest
from provisioner.progress import Progress
from provisioner.workflow import Asked

if TYPE_CHECKING:
    from provisioner.apply.part import Part
    from provisioner.environments.same import Wanted
    from provisioner.lock import Uv
    from provisioner.locking import Locked
    from provisioner.room import Need

_SILENT = {"index-unreachable", "not-in-cache"}


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
    """What it takes; None where there is nothing to do."""
    system: Part | None = None
    """What needs root; None where nothing does."""
    replaces: Environment | None = None
    """What counts under that name until then; None where nothing does, or cannot be read."""


Agree = Callable[[Intent], None]
"""Hears what is about to be done, and raises where that is not wanted."""


def intended(name: str, asked: Asked, *, offline: bool, tell: Progress) -> Intent:
    """Return what ``up`` would do on this machine, and do nothing of it.

    Raises UsageError ``bad-name`` and ``not-this-machine``, and what ``workflow.plan_for``,
    ``system_steps.needed`` and ``locking.locked`` raise.
    """
    plan = planned(name, asked)
    folder = place(name)
    if folder.is_dir():
        store.own(folder, mend=False)
    return intent_for(folder, asked, plan, offline=offline, tell=tell)[0]


def up(name: str, asked: Asked, *, offline: bool, tell: Progress, agree: Agree) -> Made:
    """Make an environment on this machine, or leave it where it is already just so.

    Its name is held from before the lock, so that nothing is done twice. ``agree`` is called once
    it is clear what is to be done, and not where that is nothing. Raises what ``intended``,
    ``agree``, ``environments.hold.held``, ``system_steps.possible`` and ``carried_out``, and
    ``environments.build.made`` raise, and OutsideError ``disk-full`` before anything is begun;
    after any of it the environments are as they were, and what was done as root is recorded.
    """
    from provisioner.environments.build import made

    plan = planned(name, asked)
    system_steps.possible(name, plan, offline=offline)
    with held(name) as folder:
        store.own(folder)
        clear_away(folder, offline=offline)
        intent, wanted = intent_for(folder, asked, plan, offline=offline, tell=tell)
        if intent.need is not None or intent.system is not None:
            if intent.system is not None:
                system_steps.laid_out(intent.system)
            agree(intent)
        if intent.system is not None:
            uv_for(intent, offline=offline, tell=tell)
            system_steps.carried_out(intent.system, tell)
            plan = planned(name, asked)
            intent, wanted = intent_for(folder, asked, plan, offline=offline, tell=tell)
            system_steps.fulfilled(intent.system)
        uv = uv_for(intent, offline=offline, tell=tell)
        environment, changed = made(folder, wanted, uv, tell)
    follow = followed(environment, changed=changed)
    warnings = (*intent.plan.warnings, *noted(environment), *follow)
    return Made(environment=environment, changed=changed, warnings=warnings)


def noted(environment: Environment) -> tuple[Warning, ...]:
    """Return what was seen of its companions that do not import."""
    return tuple(Warning("companion-not-loading", note) for note in environment.notes)


def planned(name: str, asked: Asked) -> Plan:
    """Return the plan before its lock; refuse at once what needs no lock to be refused."""
    place(name)
    try:
        plan = workflow.plan_for(_here(asked))
    except UsageError as error:
        error.hint = error.hint.replace("dlsetup resolve ", f"dlsetup up {name} ")
        raise
    system_steps.needed(name, plan)
    toolkit.need_host_compiler(plan)
    return plan


def clear_away(folder: Path, *, offline: bool) -> None:
    """Remove what killed runs left outside of the environment that is held."""
    from provisioner.lock import Uv, leftovers

    if scratch.sweep() or journal.cut_off(folder):
        leftovers.sweep(Uv(settings.current(), offline=offline).cache())


def intent_for(
    folder: Path,
    asked: Asked,
    plan: Plan,
    *,
    offline: bool,
    tell: Progress,
    afresh: bool = False,
) -> tuple[Intent, Wanted]:
    """Lock what was asked for an environment; return what is to be done for it.

    One that was made for the same plan, and is as it was made, keeps its lock: no index is asked,
    and what came out since is for ``afresh``, which locks in any case. Where no index answers, a
    lock that a killed run had made for the same plan does as well, and nobody is asked again.
    Raises what ``locking.locked`` raises.
    """
    from provisioner.environments.build import already
    from provisioner.environments.same import Wanted, sign
    from provisioner.locking import locked

    wanted = Wanted(
        name=folder.name,
        plan=plan,
        lock="",
        gpus=_visible(asked, plan),
        asked=msgspec.json.decode(msgspec.json.encode(asked)),
        planned=sign(plan),
    )
    if not afresh and (made := _made_for(folder, wanted)):
        return made
    found = None
    try:
        found = locked(_here(asked), offline=offline, tell=tell)
        plan, text = found.plan, found.lock.text
    except OutsideError as error:
        text = _begun(folder, plan) if error.reference in _SILENT else ""
        if not text:
            raise
        tell.step("no index answers: going on with the lock of the run that was cut off")
    wanted = msgspec.structs.replace(wanted, plan=plan, lock=text)
    there = already(folder, wanted) if folder.is_dir() else None
    need = _need(found, folder, offline=offline, tell=tell) if found and there is None else None
    intent = Intent(
        name=folder.name,
        path=str(folder),
        plan=plan,
        there=there,
        need=need,
        system=system_steps.needed(folder.name, plan),
        replaces=None if there else store.standing(folder),
    )
    return intent, wanted


def _made_for(folder: Path, wanted: Wanted) -> tuple[Intent, Wanted] | None:
    """What is to be done where the generation that counts was made for the same plan.

    That is nothing but what needs root: a driver may be gone since.
    """
    from provisioner.environments import generations
    from provisioner.environments.build import already

    try:
        pointer = store.pointer_of(folder)
        place = folder / str(pointer.generation if pointer else 0)
        if generations.about_of(place).planned != wanted.planned:
            return None
        plan = generations.plan_of(place)
        text = generations.lock_text(place)
    except (OSError, ValueError, OutsideError):
        return None
    system = system_steps.needed(folder.name, wanted.plan)
    wanted = msgspec.structs.replace(wanted, plan=plan, lock=text)
    there = already(folder, wanted)
    if there is None:
        return None
    intent = Intent(
        name=folder.name, path=str(folder), plan=plan, there=there, need=None, system=system
    )
    return intent, wanted


def _need(found: Locked, folder: Path, *, offline: bool, tell: Progress) -> Need:
    from provisioner.lock import Uv, sources_of
    from provisioner.room import need_of

    tell.step("looking at how much is to be fetched")
    uv = Uv(settings.current(), offline=offline, tell=tell)
    sources = sources_of(found.plan, uv.settings, uv.default_index)
    need = need_of(found.lock, sources, uv, folder)
    if interpreter.is_here(found.plan):
        return need
    # uv fetches a Python, and nobody says beforehand how much that is.
    return msgspec.structs.replace(need, download_at_least=True, disk_at_least=True)


def uv_for(intent: Intent, *, offline: bool, tell: Progress) -> Uv:
    """Return uv to carry it out, where there is room. Raises OutsideError ``disk-full``."""
    from provisioner.lock import Uv

    if intent.need is not None:
        intent.need.check()
    weights = intent.need.weights if intent.need else None
    return Uv(settings.current(), offline=offline, tell=tell, weights=weights)


def _begun(folder: Path, plan: Plan) -> str:
    """The lock that a run which was cut off had made for the same plan, or nothing."""
    from provisioner.environments.generations import unfinished

    begun = unfinished(folder) if folder.is_dir() else None
    return begun[1] if begun and digest(begun[0]) == digest(plan) else ""


def environments() -> tuple[tuple[Environment, ...], tuple[Warning, ...]]:
    """Return the environments by name, and what to know about those that are damaged."""
    return store.listed()


def unfinished() -> tuple[str, ...]:
    """Return the names of environments whose making was cut off, in order."""
    return store.unfinished()


def environment(name: str) -> Environment:
    """Return one environment. Raises UsageError ``unknown-environment`` or ``bad-name``."""
    return store.found(name)


def usable(name: str) -> Environment:
    """Return one environment whose Python is there. Raises as ``run`` does."""
    return store.usable(name)


def damage(environment: Environment) -> tuple[Warning, ...]:
    """Return what keeps an environment from being used, and how it is mended."""
    return store.damage(environment)


def removable(name: str) -> None:
    """Raise as ``remove`` does where there is no environment of that name."""
    store.known(name)


def remove(name: str) -> tuple[str, ...]:
    """Remove an environment, its kernel and its service.

    Returns the names of files that ``up`` did not make, and that stay.
    Raises UsageError ``unknown-environment`` or ``bad-name``, RefusedError ``environment-busy``
    or ``environment-in-use``.
    """
    return store.removed(name, along.taken_away)


def run(name: str, words: tuple[str, ...]) -> NoReturn:
    """Let a program take this process's place, in an environment, without any shell.

    Raises UsageError as ``environment`` does, OutsideError ``environment-damaged``,
    ``program-not-found`` or ``program-not-runnable``.
    """
    process.become(words, entering.variables(store.usable(name)))


def shell(name: str) -> NoReturn:
    """Let the user's shell take this process's place, in an environment.

    Raises as ``run`` does, and RefusedError ``already-inside`` in a shell of the same environment.
    """
    from provisioner.environments.shell import words_for

    found = store.usable(name)
    inside = os.environ.get("VIRTUAL_ENV", "")
    if inside and Path(inside).parent == Path(found.path).parent:
        raise RefusedError(
            "already-inside",
            f"This shell is in the environment {name} already.",
            context=(f"it is in {inside}",),
            hint="Leave it first: exit",
        )
    words, more = words_for(found)
    process.become(words, entering.variables(found) | more)


def followed(environment: Environment, *, changed: bool) -> tuple[Warning, ...]:
    """Tell what an environment's kernel and service make of the generation it was switched to."""
    return along.followed(environment) if changed else ()


def roll_back(name: str, generation: int | None) -> tuple[Environment, bool]:
    """Switch to a generation that was kept; see ``environments.rollback.rolled_back``."""
    from provisioner.environments.rollback import rolled_back

    return rolled_back(name, generation)


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
