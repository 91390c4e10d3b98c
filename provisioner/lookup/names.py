"""The names that have builds."""

from __future__ import annotations

from provisioner.catalog.load import Catalog


def names(catalog: Catalog) -> tuple[str, ...]:
    """Every name that ``Catalog.builds`` knows, in alphabetical order."""
    return catalog.frameworks
