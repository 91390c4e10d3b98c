"""Rows about systems beside those that plans are made for: their Python, their end, bare images."""

from __future__ import annotations

from provisioner.catalog.rows import Row


class ManagedPython(Row, frozen=True, kw_only=True):
    """A system whose own Python refuses pip outside an environment (PEP 668)."""

    os: str
    """``debian-12``."""
    python: str


class BareImage(Row, frozen=True, kw_only=True):
    """A repository of images without pip: it has to be installed first."""

    repository: str
    """With its registry: ``docker.io/library/ubuntu``."""


class EndedSystem(Row, frozen=True, kw_only=True):
    """A release of a system that no plan is made for: its regular support has ended."""

    id: str
    version: str
    codename: str | None = None
    end_of_life: str
    """``2023-05``."""
