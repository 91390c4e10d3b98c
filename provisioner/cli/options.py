"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from provisioner.describe import Options
from provisioner.workflow import Asked

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
)
_POLICY = (
    click.option("--python", metavar="X.Y", help="Pin the interpreter."),
    click.option("--profile", metavar="NAME", help="A predefined request: catalog show profiles."),
    click.option("--keep-driver", is_flag=True, help="Never touch the driver."),
    click.option(
        "--via", type=click.Choice(["pip", "conda", "container"]), help="Only by this way."
    ),
    click.option("--pre", is_flag=True, help="Pre-releases too, where the catalog has any."),
    click.option("--offline", is_flag=True, help="Never use the network (this verb never does)."),
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


def asked(words: tuple[str, ...], typed: dict[str, Any]) -> Asked:
    """Gather what was typed into one value."""
    from provisioner.requirement_files import words_of

    files = [words_of(path) for path in typed["files"]]
    ranges = [file.requires_python for file in files if file.requires_python]
    return Asked(
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
    )
