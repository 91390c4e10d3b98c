"""``dlsetup system``: what ``up`` installed as root, and how it is taken back."""

from __future__ import annotations

from functools import partial

import click

from provisioner import system_steps
from provisioner.cli import options
from provisioner.cli.output import show_json
from provisioner.progress import Steps

_NOTHING = "Nothing that dlsetup installed as root is left."


@click.group("system")
def command() -> None:
    """Show and take back what 'dlsetup up' installed as root.

    The driver belongs to the machine and not to an environment: it is installed before there is
    one, and stays when that is removed.
    """


@command.command("show")
@options.as_json
def _show(*, as_json: bool) -> None:
    """Show what was installed as root."""
    changes = system_steps.changes()
    if as_json:
        show_json("system show", {"changes": changes})
        return
    from provisioner.cli.display import Block, show
    from provisioner.cli.text_system import change_rows

    if changes:
        show([Block("Installed as root, for", change_rows(changes))])
    else:
        click.echo(_NOTHING)


@command.command("undo", short_help="Take it back.")
@click.option("--dry-run", is_flag=True, help="Show what would go, and change nothing.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@options.as_json
def _undo(*, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Remove what was installed as root and is not needed by anything else."""
    from provisioner.cli.text_system import agree_undo, left_rows, show_rows, undo_rows

    undo = system_steps.taken_back()
    acts = bool(undo.script) and not dry_run
    if acts:
        agree = partial(agree_undo, yes=yes, quiet=as_json)
        system_steps.take_back(undo, agree, Steps(partial(click.echo, err=True)))
    if as_json:
        show_json("system undo", {"undo": undo, "changed": acts})
    elif acts:
        click.echo("What dlsetup installed as root was taken back.")
        if undo.driver:
            click.echo("A driver that still runs goes with the next start of this machine.")
    elif undo.script:
        show_rows("This would change the system, as root:", undo_rows(undo))
    else:
        click.echo(_NOTHING if not left_rows(undo) else "Nothing can be taken back:")
        if left_rows(undo):
            show_rows("", left_rows(undo))
