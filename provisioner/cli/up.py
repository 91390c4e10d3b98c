"""``dlsetup up``."""

from __future__ import annotations

import signal
from functools import partial
from typing import Any

import click

from provisioner import system_steps, up
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
@click.option("--yes", is_flag=True, help="Ask nothing, also before steps that need root.")
@options.as_json
def command(
    *,
    name: str,
    words: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    as_json: bool,
    **typed: Any,
) -> None:
    """Make environment NAME on this machine, and prove that it works.

    It appears whole or not at all, and a second call with the same answer changes nothing. Root is
    needed only where a driver has to be installed: what is done then is shown and asked for.
    """
    asked = options.asked(words, typed)
    if dry_run:
        _dry(name, up.planned(name, asked), as_json=as_json)
        return
    _end_as_ctrl_c()
    agree = partial(_agree, yes=yes, as_json=as_json)
    made = up.up(name, asked, offline=typed["offline"], tell=Steps(_tell), agree=agree)
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


def _agree(part: Any, *, yes: bool, as_json: bool) -> None:
    from provisioner.cli.text_system import agree

    agree(part, yes=yes, as_json=as_json)


def _dry(name: str, plan: Any, *, as_json: bool) -> None:
    part = system_steps.needed(name, plan)
    if as_json:
        show_json("up", {"plan": plan, "system": part, "changed": False}, plan.warnings)
        return
    from provisioner.cli.plans import show_plan
    from provisioner.cli.text_system import show_part

    show_plan(plan)
    if part is not None:
        show_part(part)
    show_warnings(plan.warnings)
