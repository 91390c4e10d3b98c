"""Rows that say of which sets the catalog holds the whole: what is not in one does not exist."""

from __future__ import annotations

from provisioner.catalog.rows import Row


class Complete(Row, frozen=True, kw_only=True):
    """The releases of a framework, or the builds of each, that all have a row."""

    framework: str
    of: str
    """``releases``, on the day it was checked; or ``variants`` of each of them, for CUDA."""
    versions: str = ""
    """Specifier of the releases that this holds for; empty: all up to the newest that is known."""
