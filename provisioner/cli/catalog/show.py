"""``dlsetup catalog show``."""

from __future__ import annotations

import click

from provisioner import workflow
from provisioner.cli import options
from provisioner.cli.output import show_json


@click.command(
    "show",
    epilog="Examples: dlsetup catalog show torch; dlsetup catalog show torch==2.9; dlsetup catalog "
    "show gpu 'RTX 3090'; dlsetup catalog show cuda 12.8; dlsetup catalog show driver 535; "
    "dlsetup catalog show profiles",
)
@click.argument("words", nargs=-1, metavar="WORDS...")
@click.option("--evidence", is_flag=True, help="Add what proves each row, and when it was seen.")
@options.as_json
def command(*, words: tuple[str, ...], evidence: bool, as_json: bool) -> None:
    """Show what the matrix knows of WORDS.

    WORDS is a framework (torch), its releases (torch==2.9, 'tensorflow>=2.15'), gpu and a GPU
    (a name, sm_86, 8.6, gfx1100), cuda and a release, driver and a branch or version, or profile
    and its name; cuda, driver or profile alone lists them. Nothing depends on this machine.
    """
    answer = workflow.looked_up(words)
    if as_json:
        show_json("catalog show", workflow.plain(answer))
        return
    from provisioner.cli.catalog.text import blocks, evidence_block
    from provisioner.cli.display import show

    show([*blocks(answer), evidence_block(answer)] if evidence else blocks(answer))
