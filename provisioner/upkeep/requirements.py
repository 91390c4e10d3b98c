"""Requires-Dist, as far as it binds a framework to what the catalog knows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from provisioner.catalog.check_builds import BROUGHT
from provisioner.catalog.sheets import ANY_PLATFORM

if TYPE_CHECKING:
    from packaging.markers import Marker
    from packaging.requirements import Requirement

_ENVIRONMENTS = {
    "linux": {"platform_system": "Linux", "sys_platform": "linux", "os_name": "posix"},
    "windows": {"platform_system": "Windows", "sys_platform": "win32", "os_name": "nt"},
    "macos": {"platform_system": "Darwin", "sys_platform": "darwin", "os_name": "posix"},
}
_MACHINES = {
    ("windows", "x86_64"): "AMD64",
    ("windows", "aarch64"): "ARM64",
    ("macos", "aarch64"): "arm64",
}
"""What ``platform.machine()`` says where it is not the field's own word."""


def requires(
    stated: Iterable[str],
    *,
    platform: str,
    pythons: Sequence[str],
    extra: str | None,
    known: Collection[str],
    other_extras: bool = False,
) -> tuple[str, ...]:
    """The requirements that hold on a platform and name a component, in METADATA's order.

    ``extra`` is asked for with the framework (``and-cuda``; ``cuda,cudnn`` are two): what it
    requires loses its marker.
    A marker stays where it depends on the Python; those of ``other_extras`` keep theirs.
    """
    found = (
        text
        for requirement in parsed(stated)
        if is_component(requirement.name, known)
        for text in _on(requirement, platform, pythons, extra)
        if other_extras or "extra ==" not in text
    )
    return tuple(dict.fromkeys(found))


def parsed(stated: Iterable[str]) -> Iterator[Requirement]:
    """Each requirement that can be read: old METADATA holds some that no installer can either."""
    return filter(None, map(_parsed, stated))


def _parsed(text: str) -> Requirement | None:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def is_component(name: str, known: Collection[str]) -> bool:
    """Whether a package is one that the catalog speaks of."""
    from packaging.utils import canonicalize_name

    plain = canonicalize_name(name)
    return plain in known or plain.startswith(BROUGHT)


def _on(
    requirement: Requirement, platform: str, pythons: Sequence[str], extra: str | None
) -> Iterator[str]:
    marker = requirement.marker
    bare = _without_marker(requirement)
    if marker is None:
        yield bare
        return
    if platform == ANY_PLATFORM:
        yield f"{bare}; {marker}"
        return
    system, _, machine = platform.partition("-")
    environment = _ENVIRONMENTS[system] | {
        "platform_machine": _MACHINES.get((system, machine), machine),
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    for asked in dict.fromkeys(("", *(extra or "").split(","))):
        answers = {
            _answer(
                marker,
                environment
                | {"python_version": p, "python_full_version": f"{p}.0", "extra": asked},
            )
            for p in (python.removesuffix("t") for python in pythons)
        }
        if answers == {True}:
            yield bare
            return
        if answers & {True, None}:
            yield f"{bare}; {marker}"
            return
    if "extra" in str(marker):
        yield f"{bare}; {marker}"


def _answer(marker: Marker, environment: dict[str, str]) -> bool | None:
    """Whether a marker holds; None where it compares what cannot be compared."""
    from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
    from packaging.version import InvalidVersion

    try:
        return marker.evaluate(environment)
    except (UndefinedComparison, UndefinedEnvironmentName, InvalidVersion):
        return None


def _without_marker(requirement: Requirement) -> str:
    from packaging.requirements import Requirement

    bare = Requirement(str(requirement))
    bare.marker = None
    return str(bare)
