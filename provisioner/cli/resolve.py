"""``dlsetup resolve``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from provisioner import workflow
from provisioner.cli import options
from provisioner.cli.output import show_json, show_warnings
from provisioner.errors import RefusedError

if TYPE_CHECKING:
    from provisioner.plan import Plan


@click.command(
    "resolve",
    epilog="Examples: dlsetup resolve torch; dlsetup resolve 'tensorflow>=2.15' --gpu 'RTX 3090' "
    "--driver 535; dlsetup resolve torch torchvision 'cuda<13'",
)
@click.argument("words", nargs=-1, metavar="REQ...")
@options.machine
@click.option("--why-not", metavar="REQ", help="Say why this was not chosen.")
@options.as_json
def command(*, words: tuple[str, ...], as_json: bool, why_not: str | None, **typed: Any) -> None:
    """Choose versions that work together on a machine, and say why.

    REQ is a name with an optional version range (torch, 'tensorflow==2.*', 'cuda<13'); any
    other Python package comes along as it stands.
    """
    asked = options.asked(words, typed)
    if why_not is not None:
        _show_why_not(asked, why_not, as_json=as_json)
        return
    plan = workflow.plan_for(asked)
    if as_json:
        show_json("resolve", {"plan": plan}, plan.warnings)
        return
    from provisioner.cli.plans import show_plan

    show_plan(plan)
    show_warnings(plan.warnings)


def _show_why_not(asked: workflow.Asked, requirement: str, *, as_json: bool) -> None:
    """Answer beside the plan; where there is none, in place of the refusal, which stays one."""
    try:
        answer: Plan | RefusedError = workflow.plan_for(asked)
    except RefusedError as refusal:
        answer = refusal
    told = workflow.why_not(answer, requirement)
    if not as_json:
        from provisioner.cli.display import show_lines

        show_lines(told.lines())
    if isinstance(answer, RefusedError):
        if not as_json:
            raise click.exceptions.Exit(answer.exit_code)
        answer.data["why_not"] = told
        raise answer
    if as_json:
        show_json("resolve", {"plan": answer, "why_not": told}, answer.warnings)
    else:
        show_warnings(answer.warnings)
