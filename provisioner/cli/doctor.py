"""``dlsetup doctor --explain``."""

from __future__ import annotations

import click

from provisioner import workflow
from provisioner.cli import options
from provisioner.cli.output import show_json


@click.command("doctor", epilog="Example: dlsetup doctor --explain driver-too-old")
@click.option("--explain", metavar="REFERENCE", required=True, help="What a reference means.")
@options.as_json
def command(*, explain: str, as_json: bool) -> None:
    """Explain a reference: what it means and what to do about it."""
    found = workflow.explained(explain)
    if as_json:
        show_json("doctor", {"reference": found})
        return
    click.echo(f"{found.name}\n\n{found.meaning}\n\nwhat to do: {found.fix}")
