"""``dlsetup catalog check``."""

from __future__ import annotations

import click

from provisioner import workflow
from provisioner.cli import options
from provisioner.cli.output import show_json


@click.command("check")
@options.as_json
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
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
