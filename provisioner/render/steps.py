"""Steps as bash: for each a check and what is done, and before them the functions that they use."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

import msgspec

from provisioner import resources
from provisioner.errors import BadDataError
from provisioner.plan import Step
from provisioner.render import proof
from provisioner.render.functions import Function, functions, joined, used
from provisioner.render.package_tools import APT, PackageTool
from provisioner.render.quoting import words
from provisioner.render.templates import fill
from provisioner.render.words import Asked, asked, indexes, sources

_ID = re.compile(r"[a-z][a-z_]{0,30}")
_NEVER_DONE = (("verified_now",),)
"""The check of what is done every time."""

ACTIONS = {
    "system_packages_present": ("apt.sh",),
    "system_packages_install": ("apt.sh",),
    "driver_fits": ("driver.sh",),
    "driver_stop": ("driver.sh",),
    "driver_by_hand": ("driver.sh",),
    "driver_stop_wsl": ("driver.sh",),
    "driver_wanted": ("apt.sh", "driver.sh", "driver_install.sh"),
    "driver_install": ("apt.sh", "driver.sh", "driver_install.sh"),
    "driver_pin": ("apt.sh",),
    "driver_reboot": ("driver_install.sh",),
    "package_held": ("apt.sh", "hold.sh"),
    "hold_wanted": (),
    "package_hold": ("apt.sh", "hold.sh"),
    "fabric_manager_fits": ("apt.sh", "driver.sh", "fabric_manager.sh"),
    "fabric_manager_install": ("apt.sh", "driver.sh", "fabric_manager.sh"),
    "repository_add": ("apt.sh", "repository.sh"),
    "container_toolkit_fits": ("apt.sh", "driver.sh", "containers.sh"),
    "container_toolkit_wanted": ("apt.sh",),
    "container_toolkit_install": ("apt.sh",),
    "containers_see_gpus": ("containers.sh",),
    "containers_configure": ("containers.sh",),
    "packages_free": ("undo.sh",),
    "packages_release": ("undo.sh",),
    "uv_present": (),
    "uv_install": (),
    "python_present": ("python.sh",),
    "python_install": ("python.sh",),
    "disk_free": (),
    "environment_present": (),
    "environment_make": ("python.sh",),
    "packages_installed": (),
    "packages_install": (),
    "host_compiler_fits": (),
    "host_compiler_stop": (),
    "toolkit_made": (),
    "toolkit_make": ("toolkit.sh",),
    "verified_now": (),
    **dict.fromkeys(proof.ACTIONS, ()),
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
"""Every action, and the files of templates/shell/actions with the functions that it may use.

Nothing else ever becomes a command. An action is a function of its own name in one of those files,
called with its arguments, or templates/shell/lines/ACTION.sh.j2: lines made for these arguments.
"""


class Section(msgspec.Struct, frozen=True):
    """A step as bash."""

    title: str
    functions: str
    """What the step uses and no step before it did."""
    check: str
    """A condition; empty for what is done every time."""
    run: str


class Library:
    """The functions that a script may use; each is given once, to the first that asks."""

    def __init__(self, files: tuple[str, ...], **values: object) -> None:
        """``files`` below templates/shell; ``values`` fill in what they leave open."""
        self._left: list[Function] = []
        for file in dict.fromkeys(files):
            self._left.extend(functions(fill(f"shell/{file}", **values)))

    def take(self, text: str) -> str:
        """Return the functions that a text needs and that nobody took before."""
        taken = used(text, self._left)
        self._left = [function for function in self._left if function not in taken]
        return joined(taken)


def action_files(steps: tuple[Step, ...], tool: PackageTool = APT) -> tuple[str, ...]:
    """Return the files with the functions of steps, each once, as they are for a package tool.

    Raises BadDataError ``bad-plan`` or ``unknown-action`` for steps that recipes never make.
    """
    found: dict[str, None] = {}
    for step in steps:
        if not _ID.fullmatch(step.id) or not step.check or not step.run:
            raise _bad("bad-plan", f"{step.id[:60]!r} is no step that could be checked and run.")
        for command in (*step.check, *step.run):
            name = command[0] if command else ""
            if name not in ACTIONS:
                raise _bad("unknown-action", f"A step asks for {name[:60]!r}, no known action.")
            for file in ACTIONS[name]:
                here = tool.instead.get(file, (file,))
                found.update((f"actions/{one}", None) for one in here)
    return tuple(found)


def sections(
    steps: tuple[Step, ...],
    python: str,
    library: Library,
    lines: str = "",
    values: Mapping[str, object] = {},
) -> Iterator[Section]:
    """Yield the steps as bash. ``python`` is that of the environment, ``X.Y``.

    Lines that are written for the tool of a system have names that end in ``lines``; ``values``
    fill in what they leave open.
    """

    def bash(commands: tuple[tuple[str, ...], ...], step: Step) -> Iterator[str]:
        return _lines(commands, step, python, lines, values)

    for step in steps:
        always = step.check == _NEVER_DONE
        check = "" if always else _condition(tuple(bash(step.check, step)))
        run = "\n".join(bash(step.run, step))
        functions = library.take(f"{check}\n{run}")
        yield Section(step.title, functions, check, run if always else _indented(run))


def _condition(checks: tuple[str, ...]) -> str:
    """What ``if !`` takes: several conditions stand together."""
    if len(checks) == 1 and " && " not in checks[0]:
        return checks[0]
    return "{ " + " &&\n    ".join(checks) + "; }"


def _lines(
    commands: tuple[tuple[str, ...], ...],
    step: Step,
    python: str,
    lines: str,
    values: Mapping[str, object],
) -> Iterator[str]:
    proving = tuple(command for command in commands if command[0] in proof.ACTIONS)
    for command in commands:
        name, *arguments = command
        if command in proving[:1]:
            program = proof.program(python, proving)
            yield _filled("verification", program=program)
        elif name in proof.ACTIONS:
            continue
        elif (resources.templates() / f"shell/lines/{name}.sh.j2").exists():
            special = (resources.templates() / f"shell/lines/{name}{lines}.sh.j2").exists()
            file = f"{name}{lines}" if special else name
            own = {"words": arguments, "step": step, **_install(name, arguments)}
            yield _filled(file, **{**values, **own})
        else:
            yield words(command)


def _filled(name: str, **values: object) -> str:
    return fill(f"shell/lines/{name}.sh.j2", **values).rstrip("\n")


def _install(name: str, arguments: list[str]) -> dict[str, object]:
    """What is said to uv: which packages, and which of them come from an index of their own."""
    if name != "packages_install":
        return {}
    what = asked(tuple(arguments))
    options = [word for index in what.values("--index") for word in ("--index", index)]
    return {"sheet": _sheet(what), "options": options, "requests": list(what.requests)}


def _sheet(what: Asked) -> str:
    """A project file by which uv takes these packages from their index, and no others."""
    bound = sources(what)
    if not bound:
        return ""
    named = {index: f"index-{place}" for place, index in enumerate(indexes(what), start=1)}
    packages = ", ".join(json.dumps(package) for package, _ in bound)
    tables = (
        f'{{name = "{name}", url = {json.dumps(index)}, explicit = true}}'
        for index, name in named.items()
    )
    origins = (f'{json.dumps(name)} = {{index = "{named[index]}"}}' for name, index in bound)
    return "\n".join(
        (
            "[project]",
            'name = "dlsetup-plan"',
            'version = "0"',
            f"dependencies = [{packages}]",
            "[tool.uv]",
            f"index = [{', '.join(tables)}]",
            "[tool.uv.sources]",
            *origins,
        )
    )


def _indented(body: str) -> str:
    """Set in, but for what a here-document holds."""
    lines: list[str] = []
    end = ""
    for line in body.split("\n"):
        lines.append(line if end or not line else f"  {line}")
        if end == line:
            end = ""
        elif not end and (found := re.search(r"<<'(\w+)'", line)):
            end = found[1]
    return "\n".join(lines)


def _bad(reference: str, message: str) -> BadDataError:
    return BadDataError(reference, message, hint="Make the plan again: dlsetup resolve --json")
