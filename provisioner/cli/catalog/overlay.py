"""``dlsetup catalog overlay``."""

from __future__ import annotations

import click

from provisioner.cli import options
from provisioner.cli.catalog.text_news import lines
from provisioner.cli.output import show_json


@click.command("overlay")
@click.option("--drop", is_flag=True, help="Take it away: what ships with dlsetup counts again.")
@options.as_json
def command(*, drop: bool, as_json: bool) -> None:
    """Show, or drop, your own additions to the matrix.

    'catalog refresh --write' makes them; each row is shown with its source.
    """
    from provisioner.upkeep import keeping

    if drop:
        dropped = keeping.overlay_dropped()
        if as_json:
            show_json("catalog overlay", {"dropped": dropped})
        else:
            click.echo("The overlay is gone." if dropped else "There is no overlay.")
        return
    found = keeping.overlay_shown()
    if as_json:
        show_json("catalog overlay", {"overlay": found})
    elif found is None:
        click.echo("There is no overlay: the catalog is the one that ships with dlsetup.")
    else:
        click.echo(f"{found.path}, made {found.made}")
        for line in lines(found.news):
            click.echo(line)
        click.echo("Drop it with: dlsetup catalog overlay --drop")
