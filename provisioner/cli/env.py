"""``dlsetup env``: the environments that ``up`` made."""

from __future__ import annotations

import click

from provisioner import up
from provisioner.cli import bundle, options
from provisioner.cli.output import show_json, show_warnings


@click.group("env")
def command() -> None:
    """Show, use and remove the environments that 'dlsetup up' made."""


@command.command("list")
@options.as_json
def _list(*, as_json: bool) -> None:
    """List the environments, by name."""
    environments, warnings = up.environments()
    if as_json:
        show_json("env list", {"environments": environments}, warnings)
        return
    from provisioner.cli.text_environments import list_lines

    click.echo("\n".join(list_lines(environments)))
    show_warnings(warnings)


@command.command("show")
@click.argument("name")
@options.as_json
def _show(*, name: str, as_json: bool) -> None:
    """Show what an environment holds, and where it is."""
    environment = up.environment(name)
    if as_json:
        show_json("env show", {"environment": environment, "changed": False})
        return
    from provisioner.cli.display import show
    from provisioner.cli.text_environments import environment_blocks

    show(environment_blocks(environment))


@command.command(
    "run",
    context_settings={"allow_interspersed_args": False, "ignore_unknown_options": True},
    epilog="Example: dlsetup env run demo -- python train.py",
)
@click.argument("name")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="-- CMD...")
def _run(*, name: str, words: tuple[str, ...]) -> None:
    """Run a program in an environment; its exit code becomes this one's."""
    program = words[1:] if words[:1] == ("--",) else words
    if not program:
        raise click.UsageError("Missing argument '-- CMD...'.")
    up.run(name, program)


@command.command("remove")
@click.argument("name")
@options.as_json
def _remove(*, name: str, as_json: bool) -> None:
    """Remove an environment, and nothing that 'up' did not make."""
    left = up.remove(name)
    if as_json:
        show_json("env remove", {"removed": name, "left": left})
        return
    click.echo(f"{name} is gone.")
    if left:
        click.echo(f"These were put beside it and stay: {', '.join(left)}", err=True)


command.add_command(bundle.export)
command.add_command(bundle.import_)
