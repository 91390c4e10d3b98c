"""How the catalog comes to know what is newer than it: the way out of each "unknown".

A hint may only name a command that can help, and refresh does not read everything.
"""

from __future__ import annotations

from provisioner.catalog.load import Catalog

DRIVER_BRANCHES = "Driver branches come with a newer dlsetup, or as a row of your own"
"""No source that refresh asks lists them."""
GPUS = "New GPUs: dlsetup catalog refresh gpus --write"
"""Their names; their capability where the catalog knows the chip."""


def releases(catalog: Catalog, name: str) -> str:
    """Where newer releases of a framework come from."""
    if any(project.name == name for project in catalog.projects):
        return f"Newer ones: dlsetup catalog refresh {name} --write"
    return "Newer ones come with a newer dlsetup, or as a row of your own"
