"""The rows about keys that sign packages."""

from __future__ import annotations

from provisioner.catalog.rows import Row


class RetiredKey(Row, frozen=True, kw_only=True):
    """A key that signed a publisher's packages, and was replaced."""

    key: str
    """The end of its fingerprint, as files and commands are called after it: ``7fa2af80``."""
    replaced: str
    """The month from which another one signs, ``"2022-04"``."""
    by: str
    """The end of the fingerprint of that one."""
    repository: str
    """Whose packages it signed, as ``Repository.name``."""
