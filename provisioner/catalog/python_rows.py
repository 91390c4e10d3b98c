"""The rows about the Python of systems and of plain images: who may install into it."""

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
