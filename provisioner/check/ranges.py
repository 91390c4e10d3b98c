"""What two ranges of versions have to do with each other; a cap is one upper bound: ``<2``."""

from __future__ import annotations

from provisioner.request import admits

_LATE = "9999"
"""Stands for the last release of a line: ``1.9999`` of ``1.*``."""


def within(specifier: str, version: str) -> bool:
    """Whether a version is in a range; True where either cannot be read."""
    try:
        return admits(specifier, version)
    except ValueError:
        return True


def ends_within(specifier: str, cap: str) -> bool:
    """Whether a range leaves nothing that a cap keeps out: it ends before it, or at it."""
    from packaging.specifiers import SpecifierSet

    for bound in SpecifierSet(specifier):
        version = bound.version.removesuffix(".*")
        if bound.operator in {"==", "==="}:
            return within(cap, version if version == bound.version else f"{version}.{_LATE}")
        if bound.operator in {"<", "<="}:
            below = [item.version for item in SpecifierSet(cap)]
            same = bound.operator == "<" and version in below
            if same or within(cap, version):
                return True
        if bound.operator == "~=" and within(cap, f"{version.rpartition('.')[0]}.{_LATE}"):
            return True
    return False


def apart(specifier: str, cap: str) -> bool:
    """Whether a range holds nothing that a cap leaves: it is pinned to, or begins, out of it."""
    from packaging.specifiers import SpecifierSet

    return any(
        not within(cap, bound.version.removesuffix(".*"))
        for bound in SpecifierSet(specifier)
        if bound.operator in {"==", "===", "~=", ">=", ">"}
    )
