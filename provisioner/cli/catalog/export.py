"""``dlsetup catalog export``."""

from __future__ import annotations

import click

from provisioner import workflow
from provisioner.cli import options
from provisioner.cli.output import show_json


@click.command("export")
@options.as_json  # taken as everywhere; this is JSON with and without it
def command(**_: bool) -> None:
    """Print every row as JSON: cuda, cudnn, gpus, drivers, builds, images."""
    show_json("catalog export", workflow.exported())
