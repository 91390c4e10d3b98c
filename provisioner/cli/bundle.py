"""``dlsetup env export`` and ``dlsetup env import``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from provisioner.cli import options
from provisioner.cli.output import show_json, show_warnings
from provisioner.cli.progress import watching
from provisioner.cli.up import listening, show_took

if TYPE_CHECKING:
    from provisioner.bundle.export import Exported

_MEGABYTE = 1_000_000


@click.command(
    "export",
    short_help="Write it to one file, to install offline.",
    epilog="Example: dlsetup env export demo -o demo.bundle.tar",
)
@click.argument("name")
@click.option(
    "-o",
    "--output",
    metavar="FILE|DIR",
    type=click.Path(path_type=Path),
    help="Write there; without it, and in a folder, the file is NAME.bundle.tar.",
)
@click.option(
    "--with-python",
    is_flag=True,
    help="Carry uv's own build of its Python along, for machines that have none.",
)
@options.as_json
def export(*, name: str, output: Path | None, with_python: bool, as_json: bool) -> None:
    """Write an environment to one file that installs without any network.

    It holds the plan, the lock and every wheel, and the same environment always gives the same
    bytes. Where dlsetup is: dlsetup env import FILE. Where it is not: unpack it with tar, and run
    the install.sh in it.
    """
    from provisioner.bundle.export import export as exported

    with watching(name) as shown:
        found = exported(name, output, shown, with_python=with_python)
    if as_json:
        show_json("env export", {"bundle": found})
        return
    click.echo("\n".join(_lines(found)))


def _lines(found: Exported) -> list[str]:
    needs = found.needs
    glibc = f", glibc {needs.glibc} or later" if needs.glibc else ""
    megabytes = max(1, round(found.bytes / _MEGABYTE))
    wheels = f"{found.wheels} wheels" if found.wheels != 1 else "1 wheel"
    python = f"Python {needs.python}" + (", which it brings" if found.python else "")
    lines = [
        f"{found.path}: {wheels}, {megabytes:,} MB",
        f"  needs    {needs.arch}{glibc}, {python}",
        f"  sha256   {found.sha256}",
    ]
    if found.built:
        lines.append(f"  built    {', '.join(found.built)}: packed as they are installed here")
    return [*lines, f"  install  dlsetup env import {found.path}"]


@click.command(
    "import",
    short_help="Make one from such a file.",
    epilog="Example: dlsetup env import demo.bundle.tar --name other",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", metavar="NAME", help="Call it so; without it, as where it was made.")
@click.option(
    "--gpu",
    "gpus",
    multiple=True,
    metavar="X",
    help="Use only this GPU of this machine, or none. Repeatable.",
)
@click.option("--replace", is_flag=True, help="Take the place of another that has its name.")
@options.as_json
def import_(
    *, file: Path, name: str | None, gpus: tuple[str, ...], replace: bool, as_json: bool
) -> None:
    """Make an environment from a bundle, without any network, and prove that it works.

    It appears whole or not at all, and a second call changes nothing. What is in a bundle runs
    on this machine: take it only from those you trust.
    """
    from provisioner.bundle.install import install

    called = name or file.name.partition(".")[0]
    with listening(called, ("env", "import", str(file))) as (_, tell, log):
        made = install(file, name, gpus, tell, replace=replace)
    if as_json:
        data = {"environment": made.environment, "changed": made.changed}
        show_json("env import", data, made.warnings)
        return
    from provisioner.cli.display import show
    from provisioner.cli.text_environments import closing_lines, environment_blocks

    lines = closing_lines(made.environment, changed=made.changed)
    show(environment_blocks(made.environment), first=lines)
    if made.changed:
        show_took(log)
    show_warnings(made.warnings)
