"""Rows about Pythons, and about systems beside those that plans are made for."""

from __future__ import annotations

from provisioner.catalog.rows import Row


class PythonRow(Row, frozen=True, kw_only=True):
    """A CPython minor release."""

    version: str
    recommended: bool = False
    fetched: bool = True
    """The pinned uv can fetch one; False: only an interpreter that is there already serves."""
    base_image: str | None = None
    end_of_life: str | None = None
    """The month of its last security fixes from python.org; a system may keep its own alive."""


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
