"""``dlsetup catalog``: a module for each of its commands."""

from __future__ import annotations

from typing import ClassVar

import click

from provisioner.cli.lazy import LazyGroup


class _Catalog(LazyGroup):
    package = "provisioner.cli.catalog"
    verbs: ClassVar[dict[str, str]] = {
        "show": "Show what is known of a framework, GPU, CUDA, driver or profile.",
        "check": "Audit the matrix: proof on every row, no contradictions.",
        "refresh": "Bring it up to date with what is published.",
        "caps": "Find what newer dependencies break, by installing old releases.",
        "overlay": "Show or drop your own additions.",
        "export": "Print every row as JSON.",
    }


@click.command("catalog", cls=_Catalog)
def command() -> None:
    """Read the compatibility matrix, audit it, and bring it up to date."""
