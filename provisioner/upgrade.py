"""An environment planned anew: the same request, today's catalog and indexes, a new generation.

Nothing here prints; ``tell`` hears what takes long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from provisioner import system_steps, up
from provisioner.describe import Options
from provisioner.environments import again, generations, installed, store
from provisioner.environments.build import made
from provisioner.environments.hold import held
from provisioner.environments.place import damaged
from provisioner.environments.record import Environment
from provisioner.environments.same import Wanted
from provisioner.progress import Progress
from provisioner.workflow import Asked


class Change(msgspec.Struct, frozen=True):
    """What becomes of one package, or of ``python``; None where it is not there."""

    name: str
    before: str | None
    after: str | None


class Upgrade(msgspec.Struct, frozen=True, kw_only=True):
    """What an upgrade comes to, or would."""

    environment: Environment
    intent: up.Intent
    """What is to be done; its ``there`` is set where that is nothing."""
    wanted: Wanted
    changes: tuple[Change, ...] = ()
    """None of them where it was changed by hand, and is made anew as it was."""


class _Typed(Asked, frozen=True, kw_only=True):
    """What was typed, as an environment keeps it."""

    options: Options


Agrees = Callable[[Upgrade], bool]


def upgraded(
    name: str, agrees: Agrees, *, offline: bool, tell: Progress
) -> tuple[Upgrade, Environment, bool]:
    """Make the next generation of an environment, where its request comes to something new.

    ``agrees`` is asked before anything is changed; False leaves all as it is. Returns what was
    found, the environment as it is now, and whether it changed. Raises what ``store.found`` and
    ``up.up`` raise, RefusedError ``needs-root`` for what needs root; the environment stays what it
    was then.
    """
    store.found(name)
    with held(name) as folder:
        store.own(folder)
        up.clear_away(folder, offline=offline)
        found = _found(store.found(name), folder, offline=offline, tell=tell)
        system_steps.left_to_up(found.intent.system, name)
        if found.intent.there is not None or not agrees(found):
            return found, found.environment, False
        uv = up.uv_for(found.intent, offline=offline, tell=tell)
        environment, changed = made(folder, found.wanted, uv, tell)
        return found, environment, changed


def _found(environment: Environment, folder: Path, *, offline: bool, tell: Progress) -> Upgrade:
    asked = _asked(environment, folder)
    plan = up.planned(environment.name, asked)
    intent, wanted = up.intent_for(folder, asked, plan, offline=offline, tell=tell, afresh=True)
    return Upgrade(
        environment=environment,
        intent=intent,
        wanted=wanted,
        changes=tuple(_changes(environment, wanted)),
    )


def _asked(environment: Environment, folder: Path) -> Asked:
    """What was typed for an environment; of one that came otherwise, what its plan was made for.

    Raises OutsideError ``environment-damaged``.
    """
    pointer = store.pointer(folder.name)
    typed = pointer.asked or generations.about_of(Path(environment.path)).asked
    if typed:
        try:
            return msgspec.convert(typed, _Typed)
        except msgspec.ValidationError as error:
            why = f"what was asked for it cannot be read: {error}"
            raise damaged(environment.name, why, again.command(environment)) from error
    request = environment.plan.request
    return Asked(
        words=(*request.requirements, *request.companions),
        options=Options(gpus=("none",) if environment.gpus == () else ()),
        python=request.python,
        requires_python=request.requires_python,
        via=request.via,
        keep_driver=request.keep_driver,
        pre=request.pre,
    )


def _changes(environment: Environment, wanted: Wanted) -> Iterator[Change]:
    """Frameworks first, in the order asked, then the rest by name."""
    before, after = installed.versions(Path(environment.lock)), installed.listed(wanted.lock)
    before["python"], after["python"] = environment.python, wanted.plan.python
    first = dict.fromkeys(("python", *(pin.name for pin in wanted.plan.pins)))
    for name in (*first, *sorted({*before, *after} - first.keys())):
        if before.get(name) != after.get(name):
            yield Change(name, before.get(name), after.get(name))
