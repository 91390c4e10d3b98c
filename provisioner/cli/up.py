"""``dlsetup up``."""

from __future__ import annotations

import signal
from typing import Any

import click

from provisioner import up
from provisioner.cli import options
from provisioner.cli.output import show_json, show_warnings
from provisioner.progress import Steps


@click.command(
    "up",
    epilog="Examples: dlsetup up demo torch torchvision; dlsetup up old 'tensorflow==1.15.*' "
    "--gpu none",
)
@click.argument("name")
@click.argument("words", nargs=-1, metavar="REQ...")
@options.machine
@click.option("--dry-run", is_flag=True, help="Show the plan, and make nothing.")
@click.option("--yes", is_flag=True, help="Ask nothing (this verb does not ask yet).")
@options.as_json
def command(
    *,
    name: str,
    words: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    **typed: Any,
) -> None:
    """Make environment NAME on this machine, and prove that it works.

    It appears whole or not at all, and a second call with the same answer changes nothing. It
    never needs root: what does is refused, with the way to do it.
    """
    asked = options.asked(words, typed)
    if dry_run:
        _dry(up.planned(name, asked), as_json=as_json)
        return
    _end_as_ctrl_c()
    made = up.up(name, asked, offline=typed["offline"], tell=Steps(_tell))
    if as_json:
        data = {"environment": made.environment, "changed": made.changed}
        show_json("up", data, made.warnings)
        return
    from provisioner.cli.display import show
    from provisioner.cli.text_environments import closing_line, environment_blocks

    click.echo(closing_line(made.environment, changed=made.changed))
    show(environment_blocks(made.environment))
    show_warnings(made.warnings)


def _end_as_ctrl_c() -> None:
    """Whoever ends this, what is half made is taken away again; nohup stays what it is."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(ending) is not signal.SIG_IGN:
            signal.signal(ending, signal.default_int_handler)


def _tell(text: str) -> None:
    click.echo(text, err=True)


def _dry(plan: Any, *, as_json: bool) -> None:
    if as_json:
        show_json("up", {"plan": plan, "changed": False}, plan.warnings)
        return
    from provisioner.cli.plans import show_plan

    show_plan(plan)
    show_warnings(plan.warnings)
