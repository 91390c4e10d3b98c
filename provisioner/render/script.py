"""The script: the plan's steps as bash, short enough to be read before it is run."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog.beside import family_packages
from provisioner.catalog.driver_rows import FamilyPackages
from provisioner.catalog.find import ROLLING, system
from provisioner.catalog.load import Catalog
from provisioner.machine import Machine
from provisioner.plan import Plan, Step
from provisioner.render import facts
from provisioner.render.carrying import cannot_carry
from provisioner.render.package_tools import APT, PackageTool, package_tool
from provisioner.render.steps import Library, action_files, sections
from provisioner.render.templates import fill
from provisioner.render.words import asked_of

_ROOT = "root"
"""What a step needs that the user alone may not do."""

_MACHINERY = ("runner.sh",)
_HOLDING = ("package_hold", "fabric_manager_install")
_AROUND = "leave stop step confirm as_root ask_root"
"""What a script calls around its steps."""


def text(plan: Plan, catalog: Catalog) -> str:
    """Return the script.

    Raises RefusedError ``format-cannot-carry`` for a system whose packages no script installs,
    BadDataError ``bad-plan`` or ``unknown-action`` for steps that recipes never make.
    """
    row = system(catalog, plan.machine.os.id, plan.machine.os.version)
    tool = package_tool(row)
    if row is None or tool is None:
        raise cannot_carry("script", f"a plan for {plan.machine.os_name}", plan, catalog)
    values = _values(plan.machine, plan.steps, tool, row.version)
    values |= {"system_python": row.interpreter, "brings": family_packages(catalog, plan.machine)}
    library = Library((*_MACHINERY, *action_files(plan.steps, tool)), **values)
    guards = library.take(_AROUND)
    added = any(_ROOT in step.needs for step in plan.steps)
    uninstall = fill(
        "shell/uninstall.sh.j2",
        remembers=added,
        functions=library.take(_taken_back(plan, tool)) if added else "",
        files=facts.action(plan, "repository_add") is not None,
        holds=any(facts.action(plan, name) is not None for name in _HOLDING),
        containers=facts.action(plan, "containers_configure") is not None,
        caches=not plan.is_for_host,
        tool=tool.tool,
    )
    own = tuple(sections(plan.steps, plan.python, library, tool.lines, values))
    return fill(
        "shell/install.sh.j2",
        plan=plan,
        **values,
        file_name="install.sh",
        uninstalls=True,
        asks=True,
        machinery=guards,
        sections=own,
        uninstall=uninstall,
        own_python=facts.action(plan, "python_install") is not None,
        holds=_holds(plan),
        installs_driver=facts.action(plan, "driver_install") is not None,
        places=tuple(_places(plan, tool)),
        name=facts.name(plan),
        summary=facts.summary(plan),
        machine=facts.machine_lines(plan, catalog),
        pins=facts.pin_lines(plan),
        companions=plan.request.companions,
        changes=tuple(_change(step) for step in plan.steps),
        warnings=facts.warning_lines(plan),
    )


def _taken_back(plan: Plan, tool: PackageTool) -> str:
    """What --uninstall calls."""
    forgets = {
        "containers_forget": facts.action(plan, "containers_configure") is not None,
        "key_forget": facts.action(plan, "repository_add") is not None and tool != APT,
    }
    always = ("system_packages_remove", "packages_left")
    return " ".join((*always, *(name for name, it in forgets.items() if it)))


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
        places=tuple(_of_repositories(plan, APT)),
        installs_driver=facts.action(plan, "driver_install") is not None,
        **_of_system(plan.machine, steps, file_name, family_packages(catalog, plan.machine)),
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


def _of_system(
    machine: Machine,
    steps: tuple[Step, ...],
    file_name: str,
    brings: FamilyPackages | None = None,
) -> dict[str, object]:
    values = _values(machine, steps, APT, machine.os.version) | {"brings": brings}
    library = Library((*_MACHINERY, *action_files(steps, APT)), **values)
    machinery = library.take(_AROUND)
    own = tuple(sections(steps, "", library, "", values))
    return {
        "file_name": file_name,
        "uninstalls": False,
        "asks": True,
        "machinery": machinery,
        "sections": own,
        "remembers": any("remember" in section.functions for section in own),
        "changes": tuple(step.title for step in steps),
        **values,
    }


def _values(
    machine: Machine, steps: tuple[Step, ...], tool: PackageTool, version: str
) -> dict[str, object]:
    """What templates leave open. A ``version`` stands for all its minor releases too."""
    return {
        "planned": machine,
        "planned_system": machine.os.id if version == ROLLING else f"{machine.os.id} {version}",
        "minor": " *" if version == ROLLING else "?(.*)",
        "steps": steps,
        "tool": tool.tool,
        "install": tool.install,
        "repositories": tool.repositories,
        "listing": tool.listing,
    }


def has_apt(plan: Plan, catalog: Catalog) -> bool:
    """Whether the system of a plan is one with apt."""
    row = system(catalog, plan.machine.os.id, plan.machine.os.version)
    return package_tool(row) == APT


def _need_apt(plan: Plan, catalog: Catalog) -> None:
    if not has_apt(plan, catalog):
        raise cannot_carry("script", f"a plan for {plan.machine.os_name}", plan, catalog)


def _holds(plan: Plan) -> str:
    """What tells one environment from another, in words: its Python and what was installed."""
    if plan.is_for_host:
        return f"notes on {facts.summary(plan)}"
    asked = asked_of(plan, "packages_install").requests
    return " ".join((f"Python {plan.python}:", *asked))


def _places(plan: Plan, tool: PackageTool) -> Iterator[str]:
    """Where the script writes by itself."""
    yield f"~/dlsetup/{facts.name(plan)}"
    if not plan.is_for_host:
        yield "~/.cache/uv"
    yield from dict.fromkeys(at for at, _ in _of_repositories(plan, tool))
    if facts.action(plan, "containers_configure") is not None:
        yield "/etc/docker/daemon.json"
        yield "/etc/cdi"


def _of_repositories(plan: Plan, tool: PackageTool) -> Iterator[tuple[str, str]]:
    for step in plan.steps:
        for name, *told in step.run:
            for place, what in tool.writes if name == "repository_add" else ():
                yield place, what.format(name=told[0])


def _change(step: Step) -> str:
    return f"{step.title} (as root)" if _ROOT in step.needs else step.title
