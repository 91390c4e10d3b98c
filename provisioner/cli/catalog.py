"""``dlsetup catalog``."""

from __future__ import annotations

import click

from provisioner import workflow
from provisioner.cli import options
from provisioner.cli.output import show_json


@click.group("catalog")
def command() -> None:
    """Read and audit the compatibility matrix that ships with dlsetup."""


@command.command("export")
@options.as_json  # taken as everywhere; this is JSON with and without it
def export(**_: bool) -> None:
    """Print every row as JSON: cuda, cudnn, gpus, drivers, builds, images."""
    show_json("catalog export", workflow.exported())


@command.command("check")
@options.as_json
@click.pass_context
def check(ctx: click.Context, *, as_json: bool) -> None:
    """Audit the matrix: evidence on every row, no contradictions, everything named exists."""
    problems = workflow.audited()
    if as_json:
        show_json("catalog check", {"problems": problems})
    else:
        for problem in problems:
            click.echo(str(problem))
        count = len(problems)
        told = "1 problem found" if count == 1 else f"{count or 'no'} problems found"
        click.echo(told, err=bool(count))
    ctx.exit(1 if problems else 0)
