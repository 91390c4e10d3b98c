"""The script: the plan's steps as bash, short enough to be read before it is run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256

import msgspec

from provisioner.catalog.find import system
from provisioner.catalog.load import Catalog
from provisioner.errors import BadDataError
from provisioner.machine import Machine
from provisioner.plan import Plan, Step
from provisioner.render import facts
from provisioner.render.formats import cannot_carry
from provisioner.render.templates import fill
from provisioner.render.words import asked_of

_APT = "debian"
_INSTEAD: dict[str, dict[str, tuple[str, ...]]] = {
    _APT: {},
    "redhat": {
        "apt.sh": ("rpm.sh", "dnf.sh"),
        "repository.sh": ("rpm_repository.sh",),
        "apt_driver.sh": ("rpm_driver.sh",),
    },
    "suse": {
        "apt.sh": ("rpm.sh", "zypper.sh"),
        "repository.sh": ("rpm_repository.sh",),
        "apt_driver.sh": ("rpm_driver.sh",),
    },
}
"""By family of systems: the files that define the same functions for another tool than apt."""

_ROOT = "root"
"""What a step needs that the user alone may not do."""

_ID = re.compile(r"[a-z][a-z_]{0,30}")

_ACTIONS = {
    "system_packages_install": ("apt.sh",),
    "driver_fits": ("driver.sh",),
    "driver_install": ("apt.sh", "driver_install.sh", "apt_driver.sh"),
    "driver_wanted": ("apt.sh", "driver_install.sh", "apt_driver.sh"),
    "repository_add": ("apt.sh", "repository.sh"),
    "driver_stop": ("driver_stop.sh",),
    "driver_stop_wsl": ("driver_wsl.sh",),
    "uv_install": ("uv.sh",),
    "python_install": ("python.sh",),
    "environment_make": ("environment.sh",),
    "packages_install": ("packages.sh",),
    "verify_versions": ("verification.sh", "verify_versions.sh"),
    "verify_imports": ("verification.sh", "verify_imports.sh"),
    "verify_torch": ("verification.sh", "verify_torch.sh"),
    "verify_torch_device": ("verification.sh", "verify_torch_device.sh"),
    "verify_tensorflow": ("verification.sh", "verify_tensorflow.sh"),
    "verify_jax": ("verification.sh", "verify_jax.sh"),
    "verify_companions": ("verification.sh", "verify_companions.sh"),
    "verification_passed": ("verification.sh",),
    "disk_free": ("disk.sh",),
    "system_packages_present": ("apt.sh",),
    "uv_present": ("uv.sh",),
    "python_present": ("python.sh",),
    "environment_present": ("environment.sh",),
    "packages_installed": ("packages.sh",),
    "verified_now": ("verification.sh",),
    "packages_fetch": ("apt.sh", "undo.sh"),
    "packages_gone": ("apt.sh", "undo.sh"),
    "packages_forgotten": ("apt.sh", "undo.sh"),
    "packages_remove": ("apt.sh", "undo.sh"),
    "packages_purge": ("apt.sh", "undo.sh"),
    "packages_back": ("apt.sh", "undo.sh"),
    "packages_restore": ("apt.sh", "undo.sh"),
    "marked_automatic": ("apt.sh", "undo.sh"),
    "mark_automatic": ("apt.sh", "undo.sh"),
    "files_gone": ("apt.sh", "undo.sh"),
    "files_remove": ("apt.sh", "undo.sh"),
}
"""Which files of templates/shell/actions define an action. Nothing else ever becomes a command."""


def text(plan: Plan, catalog: Catalog) -> str:
    """Return the script.

    Raises RefusedError ``format-cannot-carry`` for a system whose packages it cannot install,
    BadDataError ``bad-plan`` or ``unknown-action`` for steps that recipes never make.
    """
    row = system(catalog, plan.machine.os.id, plan.machine.os.version)
    if row is None or row.family not in _INSTEAD:
        raise cannot_carry("script", f"a plan for {plan.machine.os_name}", plan.via)
    return fill(
        "shell/install.sh.j2",
        plan=plan,
        file_name="install.sh",
        makes_environment=True,
        planned=plan.machine,
        planned_version=row.version,
        system_python=row.interpreter,
        steps=plan.steps,
        actions=files(plan.steps, row.family),
        digest=_digest(plan),
        holds=_holds(plan),
        root_steps=tuple(step for step in plan.steps if _ROOT in step.needs),
        installs_driver=facts.action(plan, "driver_install") is not None,
        places=tuple(_places(plan)),
        name=facts.name(plan),
        summary=facts.summary(plan),
        machine=facts.machine_lines(plan, catalog),
        pins=facts.pin_lines(plan),
        companions=plan.request.companions,
        changes=tuple(_change(step) for step in plan.steps),
        warnings=facts.warning_lines(plan),
    )


def system_part(plan: Plan, catalog: Catalog, file_name: str) -> str | None:
    """Return the script's steps that need root as a script of their own; None where none do.

    Its steps are the script's own, to the letter. Raises what ``text`` raises.
    """
    steps = tuple(step for step in plan.steps if _ROOT in step.needs)
    if not steps:
        return None
    _need_apt(plan, catalog)
    return fill(
        "shell/system.sh.j2",
        title=f"What {facts.summary(plan)} needs of the system, and nothing else",
        machine=facts.machine_lines(plan, catalog),
        places=tuple(_of_repository(plan)),
        installs_driver=facts.action(plan, "driver_install") is not None,
        **_of_system(plan.machine, steps, file_name),
    )


def undo(machine: Machine, steps: tuple[Step, ...], file_name: str) -> str:
    """Return the script that takes back what scripts for a machine did as root.

    Raises BadDataError as ``text`` does.
    """
    return fill(
        "shell/system.sh.j2",
        title="The driver that dlsetup installed here, and all that came with it, taken back",
        machine=(f"{machine.os_name}, {machine.arch}",),
        places=(),
        installs_driver=False,
        **_of_system(machine, steps, file_name),
    )


def _of_system(machine: Machine, steps: tuple[Step, ...], file_name: str) -> dict[str, object]:
    return {
        "file_name": file_name,
        "makes_environment": False,
        "planned": machine,
        "planned_version": machine.os.version,
        "steps": steps,
        "root_steps": steps,
        "actions": files(steps),
        "changes": tuple(step.title for step in steps),
    }


def _need_apt(plan: Plan, catalog: Catalog) -> None:
    row = system(catalog, plan.machine.os.id, plan.machine.os.version)
    if row is None or row.family != _APT:
        raise cannot_carry("script", f"a plan for {plan.machine.os_name}", plan.via)


def files(steps: tuple[Step, ...], family: str = _APT) -> tuple[str, ...]:
    """The files that define the actions of the steps, each once, in order of first use."""
    instead = _INSTEAD[family]
    found: dict[str, None] = {}
    for step in steps:
        if not _ID.fullmatch(step.id) or not step.check or not step.run:
            raise _bad("bad-plan", f"{step.id[:60]!r} is no step that could be checked and run.")
        for command in (*step.check, *step.run):
            name = command[0] if command else ""
            if name not in _ACTIONS:
                raise _bad("unknown-action", f"A step asks for {name[:60]!r}, no known action.")
            for file in _ACTIONS[name]:
                found.update(dict.fromkeys(instead.get(file, (file,))))
    return tuple(found)


def _bad(reference: str, message: str) -> BadDataError:
    return BadDataError(reference, message, hint="Make the plan again: dlsetup resolve --json")


def _digest(plan: Plan) -> str:
    return sha256(msgspec.json.encode(plan.steps)).hexdigest()[:16]


def _holds(plan: Plan) -> str:
    """What tells one environment from another, in words: its Python and what was installed."""
    asked = asked_of(plan, "packages_install").requests
    return " ".join((f"Python {plan.python}:", *asked))


def _places(plan: Plan) -> Iterator[tuple[str, str]]:
    """Where the script writes by itself, and what."""
    yield f"~/dlsetup/{facts.name(plan)}", "the environment"
    yield "~/.local/share/dlsetup", "uv"
    if facts.action(plan, "python_install") is not None:
        yield "~/.local/share/uv", f"Python {plan.python}, kept by uv"
    yield "~/.cache/uv", "uv's cache"
    yield from _of_repository(plan)


def _of_repository(plan: Plan) -> Iterator[tuple[str, str]]:
    repository = facts.action(plan, "repository_add")
    if repository is not None:
        yield "/etc/apt/sources.list.d", f"dlsetup-{repository[0]}.list, unless apt has that source"
        yield "/etc/apt/keyrings", f"dlsetup-{repository[0]}.asc, the key of that repository"


def _change(step: Step) -> str:
    return f"{step.title} (as root)" if _ROOT in step.needs else step.title
