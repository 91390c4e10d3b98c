"""``dlsetup detect``."""

from __future__ import annotations

import click

from provisioner import workflow
from provisioner.cli import options
from provisioner.cli.output import show_json, show_warnings
from provisioner.describe import Options


@click.command("detect", epilog="Example: dlsetup detect --json > machine.json")
@options.as_json
def command(*, as_json: bool) -> None:
    """Show what dlsetup knows about this machine, and where each fact comes from.

    It asks NVML first, then the kernel, then nvidia-smi, then the PCI bus, so it also answers
    when the driver is missing or broken. Nothing is changed.
    """
    machine, warnings = workflow.machine_of(Options())
    if as_json:
        show_json("detect", {"machine": machine}, warnings)
        return
    from provisioner.cli.display import machine_blocks, show

    show(machine_blocks(machine))
    show_warnings(warnings)
