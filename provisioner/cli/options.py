"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from provisioner.describe import Options
from provisioner.errors import UsageError
from provisioner.workflow import Asked

if TYPE_CHECKING:
    from provisioner.project_file import Project

F = TypeVar("F", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")

_MACHINE = (
    click.option("--machine", "machine_file", metavar="FILE", help="A saved 'detect --json'."),
    click.option(
        "--gpu",
        "gpus",
        multiple=True,
        metavar="X",
        help="A GPU: product name, sm_86, 8.6, gfx1100, or none for the CPU. Repeatable.",
    ),
    click.option("--driver", metavar="V", help="The NVIDIA driver: 535.183.01, 535, or none."),
    click.option(
        "--os", metavar="NAME-VERSION", help="ubuntu-22.04, debian-12, ubuntu-24.04-wsl2 …"
    ),
    click.option("--arch", metavar="ARCH", help="x86_64 or aarch64."),
    click.option(
        "--class", "machine_class", metavar="NAME", help="A machine class of the project file."
    ),
)
_POLICY = (
    click.option("--python", metavar="X.Y", help="Pin the interpreter."),
    click.option("--profile", metavar="NAME", help="A predefined request: catalog show profiles."),
    click.option("--keep-driver", is_flag=True, help="Never touch the driver."),
    click.option(
        "--via", type=click.Choice(["pip", "conda", "container"]), help="Only by this way."
    ),
    click.option("--pre", is_flag=True, help="Pre-releases too, where the catalog has any."),
    click.option(
        "--offline", is_flag=True, help="Never use the network; lock and up take what uv kept."
    ),
    click.option(
        "-r",
        "--requirement",
        "files",
        multiple=True,
        metavar="FILE",
        help="Read a requirements.txt, pyproject.toml or environment.yml too.",
    ),
)


def machine(function: F) -> F:
    """Add the options that name a machine and those that shape a plan."""
    for option in reversed((*_MACHINE, *_POLICY)):
        function = option(function)
    return function


def asked(words: tuple[str, ...], typed: dict[str, Any], *, must_ask: bool = True) -> Asked:
    """Gather what was typed into one value; where nothing is asked for, a project file asks.

    With ``must_ask`` False only the machine matters, and nothing may be asked for.
    Raises UsageError for files that cannot be read (``bad-requirement-file``,
    ``bad-project-file``) and ``unknown-class``.
    """
    from provisioner.requirement_files import words_of

    files = [words_of(path) for path in typed["files"]]
    ranges = [file.requires_python for file in files if file.requires_python]
    made = Asked(
        words=(*words, *(word for file in files for word in file.requirements)),
        options=Options(
            machine_file=typed["machine_file"],
            gpus=typed["gpus"],
            driver=typed["driver"],
            os=typed["os"],
            arch=typed["arch"],
        ),
        profile=typed["profile"],
        python=typed["python"],
        requires_python=",".join(ranges) or None,
        via=typed["via"],
        keep_driver=typed["keep_driver"],
        pre=typed["pre"],
        warnings=tuple(warning for file in files for warning in file.warnings),
    )
    return _with_project(made, typed["machine_class"], asks=must_ask and not (words or files))


def _with_project(asked: Asked, machine_class: str | None, *, asks: bool) -> Asked:
    """What the nearest project file adds: its request if nothing was typed, and the class named."""
    from provisioner.project_file import nearest, unknown_class

    asks = asks and asked.profile is None
    if not asks and machine_class is None:
        return asked
    found = nearest(Path.cwd())
    if found is None:
        if machine_class is not None:
            raise unknown_class(machine_class, ())
        return asked
    path, project = found
    click.echo(f"reading {path}", err=True)
    if machine_class is not None:
        options = _of_class(asked.options, project, machine_class)
        asked = msgspec.structs.replace(asked, options=options)
    return _filled(asked, project) if asks else asked


def _filled(asked: Asked, project: Project) -> Asked:
    """The project's request; what was typed beside it wins."""
    return msgspec.structs.replace(
        asked,
        words=project.requirements,
        profile=project.profile,
        python=asked.python or project.python,
        via=asked.via or project.via,
        keep_driver=asked.keep_driver or project.keep_driver,
    )


def _of_class(typed: Options, project: Project, name: str) -> Options:
    """A class of machines as the options would describe it; options beside it win."""
    described = project.machine(name)
    if typed.machine_file is not None:
        raise UsageError(
            "bad-usage",
            "A machine class and a machine file each say which machine is meant.",
            hint="Give --class or --machine, not both.",
        )
    return Options(
        machine_file=described.file,
        gpus=typed.gpus or described.gpu,
        driver=typed.driver or described.driver,
        os=typed.os or described.os,
        arch=typed.arch or described.arch,
    )
