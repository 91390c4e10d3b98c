"""``dlsetup resolve``."""

from __future__ import annotations

from typing import Any

import click

from provisioner import workflow
from provisioner.cli import options
from provisioner.cli.output import show_json, show_warnings


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
    plan = workflow.plan_for(asked)
    answer = workflow.why_not(asked, plan, why_not) if why_not else None
    if as_json:
        data: dict[str, object] = {"plan": plan}
        if answer is not None:
            data["why_not"] = answer
        show_json("resolve", data, plan.warnings)
        return
    from provisioner.cli.display import plan_blocks, show, why_not_blocks

    show(why_not_blocks(answer) if answer is not None else plan_blocks(plan))
    show_warnings(plan.warnings)
