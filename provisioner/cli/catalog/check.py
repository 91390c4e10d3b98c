"""``dlsetup catalog check``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from provisioner import workflow
from provisioner.cli import options
from provisioner.cli.output import show_json, show_warnings
from provisioner.plan import Warning

if TYPE_CHECKING:
    from provisioner.catalog.problems import Problem
    from provisioner.errors import OutsideError


@click.command("check")
@click.option(
    "--network",
    is_flag=True,
    help="Ask the package index as well: what does it list that the matrix lacks?",
)
@click.option(
    "--fix",
    is_flag=True,
    help="After editing by hand: first put rows, keys and contents.json into their one form.",
)
@options.as_json
@click.pass_context
def command(ctx: click.Context, *, network: bool, fix: bool, as_json: bool) -> None:
    """Audit the matrix: evidence on every row, no contradictions, everything named exists.

    It exits with 1 when there is a problem, each of them one line; with --network also when a
    release is on the index that pip or uv is set up with and has no row, and with 3 when the index
    does not answer and nothing else is wrong.
    """
    if fix:
        _fix()
    problems, failed = _audited(network=network)
    if failed is not None and not problems:
        raise failed
    warnings = _warnings(failed)
    if as_json:
        show_json("catalog check", {"problems": problems}, warnings)
    else:
        for problem in problems:
            click.echo(str(problem))
        show_warnings(warnings)
        count = len(problems)
        told = "1 problem found" if count == 1 else f"{count or 'no'} problems found"
        click.echo(told, err=bool(count))
    ctx.exit(1 if problems else 0)


def _fix() -> None:
    """Put the sheets into their form; one that cannot be read is for the audit to tell."""
    from provisioner.errors import BadDataError
    from provisioner.upkeep import contents

    try:
        for path in contents.put_right():
            click.echo(f"put into its form: {path}", err=True)
    except BadDataError:
        click.echo("not fixed: a sheet cannot be read", err=True)


def _audited(*, network: bool) -> tuple[Sequence[Problem], OutsideError | None]:
    """The problems, and the error when the index did not tell everything."""
    if not network:
        return workflow.audited(), None
    from provisioner.cli.progress import progress
    from provisioner.upkeep.lacking import IndexLook

    with progress() as told:
        look = IndexLook(told)
        problems = workflow.audited(look)
    return problems, look.failed


def _warnings(failed: OutsideError | None) -> list[Warning]:
    """What failed, beside problems that count more."""
    if failed is None:
        return []
    return [Warning(failed.reference, text) for text in (failed.message, *failed.context)]
