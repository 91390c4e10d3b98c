"""``dlsetup verify``."""

from __future__ import annotations

from collections.abc import Sequence

import click

from provisioner import verification
from provisioner.cli import options
from provisioner.cli.output import show_json, show_warnings
from provisioner.report import Check
from provisioner.verification import Verified


@click.command(
    "verify", epilog="Examples: dlsetup verify demo; dlsetup verify --python ~/venvs/old"
)
@click.argument("name", required=False)
@click.option(
    "--python",
    metavar="PATH",
    help="An environment that something else made: its folder, or its Python.",
)
@options.as_json
@click.pass_context
def command(ctx: click.Context, *, name: str | None, python: str | None, as_json: bool) -> None:
    """Prove that environment NAME still works, on every GPU of this machine.

    Without NAME it is the one you are in, else the only one there is. It exits with 1 where
    anything fails. CUDA_VISIBLE_DEVICES is obeyed.
    """
    if name is not None and python is not None:
        raise click.UsageError("Say NAME or --python, not both.")
    found = _seen(name, python)
    if as_json:
        about = {"environment": found.name, "path": found.path}
        show_json("verify", {"checks": found.checks, **about}, found.warnings)
    else:
        _show(found)
    ctx.exit(1 if found.failed else 0)


def _seen(name: str | None, python: str | None) -> Verified:
    from provisioner.cli.progress import watching

    with watching(name or python) as tell:
        if python is not None:
            return verification.foreign_verified(python, tell)
        return verification.verified(name, tell)


def _show(found: Verified) -> None:
    from provisioner.cli.display import Block, show

    called = found.name or found.path
    rows = tuple(_row(check) for check in found.checks)
    show([Block(f"Environment {called}", rows)])
    click.echo(f"\n{called} {_closing(found.checks)}")
    for line in found.mend:
        click.echo(line)
    show_warnings(found.warnings)


def _row(check: Check) -> tuple[str, ...]:
    return check.result.replace("-", " "), check.name, check.detail


def _closing(checks: Sequence[Check]) -> str:
    failed = [check.name for check in checks if check.result == "fail"]
    passed = sum(check.result == "pass" for check in checks)
    left = len(checks) - passed - len(failed)
    if failed:
        return f"does not work: {len(failed)} of {_checks(passed + len(failed))} failed."
    told = f"works: {_checks(passed)} passed"
    return f"{told}, {left} {'does' if left == 1 else 'do'} not apply." if left else f"{told}."


def _checks(number: int) -> str:
    return "1 check" if number == 1 else f"{number} checks"
