"""The conductor of verify: which environment, on the machine as it is now, and what was seen.

Nothing here prints; ``tell`` hears how far it is.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from provisioner import workflow
from provisioner.environments import again, generations, interpreter, journal, store
from provisioner.environments.place import place
from provisioner.environments.proof import made_at
from provisioner.environments.record import Environment
from provisioner.errors import UsageError
from provisioner.machine import Machine
from provisioner.plan import Plan, Warning
from provisioner.progress import Progress
from provisioner.report import Check
from provisioner.verify import foreign
from provisioner.verify.proof import Subject, prove
from provisioner.verify.visible import VISIBLE, Sight

_ASKED = {"option", "env"}
"""The sources of a fact that somebody chose, and nobody saw."""


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of one environment."""

    name: str | None
    """None for one that ``up`` did not make."""
    path: str
    checks: tuple[Check, ...]
    warnings: tuple[Warning, ...] = ()
    """What could not be seen of the machine."""
    mend: tuple[str, ...] = ()
    """What to do where anything is wrong with it, in lines."""

    @property
    def failed(self) -> tuple[Check, ...]:
        """What is wrong with it."""
        return tuple(check for check in self.checks if check.result == "fail")


def verified(name: str | None, tell: Progress) -> Verified:
    """Prove an environment of ``up`` as it is now, and note in its journal what came of it.

    Without a name it is the one this process is in, else the only one there is. Nothing else is
    written into its folder. Raises UsageError ``which-environment``, ``unknown-environment`` and
    ``bad-name``, OutsideError ``environment-damaged``.
    """
    made = _meant(name)
    tell.step(f"proving that {made.name} works")
    machine, warnings = _machine(made.plan.accelerator)
    subject = Subject(
        interpreter=interpreter.inside(Path(made.path)),
        plan=msgspec.structs.replace(made.plan, machine=machine),
        lock=generations.lock_of(Path(made.path)),
        sight=Sight(made.gpus, os.environ.get(VISIBLE)),
        gpus_planned=sum(gpu.vendor == "nvidia" for gpu in made.plan.machine.gpus),
        cpu_wanted=_cpu_was_wanted(made.plan),
        made_at=made_at(Path(made.path)),
    )
    found = Verified(name=made.name, path=made.path, checks=prove(subject, tell), warnings=warnings)
    _note(made, found)
    return msgspec.structs.replace(found, mend=_mend(made)) if found.failed else found


def _mend(made: Environment) -> tuple[str, ...]:
    before = store.pointer(made.name).before
    back = f"Or go back to generation {before}: dlsetup env rollback {made.name}"
    return (f"Make it anew: {again.command(made)}", *((back,) if before in made.kept else ()))


def foreign_verified(path: str, tell: Progress) -> Verified:
    """Prove the frameworks in an environment that something else made: its folder, or its Python.

    Raises UsageError ``python-not-found``.
    """
    python = _python_at(path)
    tell.step(f"proving that {path} works")
    machine, warnings = _machine("cuda")
    subject = foreign.subject(python, machine, os.environ.get(VISIBLE))
    return Verified(name=None, path=path, checks=prove(subject, tell), warnings=warnings)


def _machine(accelerator: str) -> tuple[Machine, tuple[Warning, ...]]:
    """Return the machine as it is, with the GPUs that an environment would have to use.

    For CUDA those are NVIDIA's. Where the CPU computes, a card of any maker is one that is left
    out; graphics inside a processor are not.
    """
    machine, warnings = workflow.this_machine()
    gpus = machine.gpus
    if accelerator == "cuda":
        gpus = tuple(gpu for gpu in gpus if gpu.vendor == "nvidia")
    elif accelerator == "cpu":
        gpus = tuple(gpu for gpu in gpus if workflow.is_card(gpu))
    machine = msgspec.structs.replace(machine, gpus=gpus)
    return machine, workflow.about_environments(warnings)


def _meant(name: str | None) -> Environment:
    """The environment that is meant, its interpreter still there."""
    if name is not None:
        return store.usable(name)
    here = Path(os.environ.get("VIRTUAL_ENV") or "/")
    environments, _ = store.listed()
    inside = [made for made in environments if _is_in(here, made)]
    choice = inside or environments
    if len(choice) == 1:
        return store.usable(choice[0].name)
    known = ", ".join(made.name for made in environments)
    raise UsageError(
        "which-environment",
        "There is more than one environment, and none is named."
        if known
        else "There is no environment to verify.",
        context=(f"there is {known}",) if known else (),
        hint="Name one: dlsetup verify NAME" if known else "Make one: dlsetup up NAME REQ",
    )


def _is_in(folder: Path, made: Environment) -> bool:
    return os.path.realpath(folder.parent) == os.path.realpath(place(made.name))


def _cpu_was_wanted(plan: Plan) -> bool:
    """Whether somebody chose the CPU; where the plan knew a GPU, it was the request that did."""
    return bool(plan.machine.gpus) or plan.machine.sources.get("gpus") in _ASKED


def _note(made: Environment, found: Verified) -> None:
    failed = [check.name for check in found.failed]
    told = f"failed: {', '.join(failed)}" if failed else f"{len(found.checks)} checks"
    # Who may not write there, on a shared machine, may still look.
    with contextlib.suppress(OSError):
        state: journal.State = "failed" if failed else "done"
        journal.note(place(made.name), made.generation, "verify", state, told)


def _python_at(path: str) -> Path:
    """The interpreter that a path means: itself, or the one of the environment in that folder."""
    given = Path(os.path.abspath(path))
    candidates = (interpreter.inside(given), given) if given.is_dir() else (given,)
    for found in candidates:
        if found.is_file() and os.access(found, os.X_OK):
            return found
    raise UsageError(
        "python-not-found",
        f"There is no Python in {path}.",
        hint="Name the folder of a virtual or conda environment, or its bin/python.",
    )
