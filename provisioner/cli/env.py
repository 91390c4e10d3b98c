"""``dlsetup env``: the environments that ``up`` made."""

from __future__ import annotations

import sys

import click

from provisioner import system_steps, up
from provisioner.cli import bundle, options
from provisioner.cli.display import show
from provisioner.cli.jupyter import kernel, serve
from provisioner.cli.output import show_json, show_warnings
from provisioner.cli.up import confirmed, listening, show_took
from provisioner.errors import RefusedError
from provisioner.plan import Warning


@click.group("env")
def command() -> None:
    """Show, use and remove the environments that 'dlsetup up' made."""


@command.command("list")
@options.as_json
def _list(*, as_json: bool) -> None:
    """List the environments, by name."""
    environments, warnings = up.environments()
    unfinished = up.unfinished()
    from provisioner.cli.text_environments import how_to_finish, list_lines

    if as_json:
        told = [f"{name} is {how_to_finish(name)}" for name in unfinished]
        warnings += tuple(Warning("environment-not-finished", text) for text in told)
        show_json("env list", {"environments": environments}, warnings)
        return
    click.echo("\n".join(list_lines(environments, unfinished)))
    show_warnings(warnings)


@command.command("show")
@click.argument("name")
@options.as_json
def _show(*, name: str, as_json: bool) -> None:
    """Show what an environment holds, and where it is."""
    from provisioner.jupyter import along

    environment = up.environment(name)
    warnings = up.damage(environment)
    offered, served, foreground = along.seen(name)
    if as_json:
        data = {"environment": environment, "changed": False}
        jupyter = {"kernel": offered, "service": served, "foreground": foreground}
        show_json("env show", data | jupyter, warnings)
        return
    from provisioner.cli.text_environments import environment_blocks
    from provisioner.cli.text_generations import state_block
    from provisioner.cli.text_jupyter import jupyter_block

    blocks = [*environment_blocks(environment), state_block(environment)]
    show([*blocks, jupyter_block(offered, served, foreground)])
    show_warnings(warnings)


@command.command(
    "run",
    short_help="Run a program in it.",
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


@command.command("shell", short_help="Open a shell in it.")
@click.argument("name")
def _shell(*, name: str) -> None:
    """Open your shell in an environment; its exit code becomes this one's."""
    if not sys.stdin.isatty():
        raise RefusedError(
            "no-terminal",
            "A shell needs a terminal, and there is none.",
            hint=f"Run a program instead: dlsetup env run {name} -- CMD",
        )
    up.shell(name)


@command.command("upgrade", short_help="Take newer versions.")
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option("--offline", is_flag=True, help="Never use the network, only what uv kept.")
@options.as_json
def _upgrade(*, name: str, dry_run: bool, yes: bool, offline: bool, as_json: bool) -> None:
    """Ask anew for what an environment was asked for, and take what is newer.

    The next generation is made beside it, and counts once it was seen to work; the one of before
    is kept for 'dlsetup env rollback'.
    """
    from provisioner.cli.text_generations import upgrade_blocks, upgrade_line
    from provisioner.upgrade import Upgrade, upgraded

    asks = not (yes or as_json) and sys.stdin.isatty() and sys.stderr.isatty()
    with listening(name, ("env", "upgrade", name)) as (shown, tell, log):

        def agrees(found: Upgrade) -> bool:
            shown.hush()
            if dry_run or not asks:
                return not dry_run
            show(upgrade_blocks(found))
            with log.waiting():
                confirmed(f"Upgrade {name}?")
            return True

        found, environment, changed = upgraded(name, agrees, offline=offline, tell=tell)
    follow = up.followed(environment, changed=changed)
    warnings = (*found.intent.plan.warnings, *up.noted(environment), *follow)
    if as_json:
        data = {"environment": environment, "changed": changed, "changes": found.changes}
        show_json("env upgrade", data, warnings)
        return
    click.echo(upgrade_line(found, environment, changed=changed))
    if (dry_run and found.intent.there is None) or (
        changed and not asks
    ):  # who was asked saw it then
        show(upgrade_blocks(found))
    if changed:
        show_took(log)
    show_warnings(warnings)


@command.command("rollback", short_help="Go back a generation.")
@click.argument("name")
@click.argument("generation", required=False, type=click.IntRange(min=1))
@options.as_json
def _rollback(*, name: str, generation: int | None, as_json: bool) -> None:
    """Go back to the generation of before; once more goes forward again."""
    environment, changed = up.roll_back(name, generation)
    warnings = up.followed(environment, changed=changed)
    if as_json:
        show_json("env rollback", {"environment": environment, "changed": changed}, warnings)
        return
    from provisioner.cli.text_environments import environment_blocks
    from provisioner.cli.text_generations import rollback_line

    click.echo(rollback_line(environment, changed=changed))
    show(environment_blocks(environment))
    show_warnings(warnings)


@command.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@options.as_json
def _remove(*, name: str, yes: bool, as_json: bool) -> None:
    """Remove an environment, and nothing that 'up' did not make.

    On a terminal it asks first: no generation is kept.
    """
    if not (yes or as_json) and sys.stdin.isatty() and sys.stderr.isatty():
        up.removable(name)
        if not click.confirm(f"Remove {name}, all its generations?", default=False, err=True):
            click.echo("Nothing was done.", err=True)
            raise click.exceptions.Exit(1)
    left = up.remove(name)
    if as_json:
        show_json("env remove", {"removed": name, "left": left})
        return
    click.echo(f"{name} is gone.")
    if system_steps.left_behind():
        click.echo("What was installed as root stays; take it back: dlsetup system undo", err=True)
    if left:
        click.echo(f"These were put beside it and stay: {', '.join(left)}", err=True)


command.add_command(bundle.export)
command.add_command(bundle.import_)
command.add_command(kernel)
command.add_command(serve)
