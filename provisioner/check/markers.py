"""Environment markers of requirements (PEP 508), on a machine whose Python may be open."""

from __future__ import annotations

from collections.abc import Iterable

from provisioner.machine import Machine

_SYSTEMS = {"windows": ("win32", "Windows", "nt"), "macos": ("darwin", "Darwin", "posix")}
_LINUX = ("linux", "Linux", "posix")
_PROCESSORS = {"windows": {"x86_64": "AMD64", "aarch64": "ARM64"}, "macos": {"aarch64": "arm64"}}
_UNTOLD = ("platform_release", "platform_version", "extra")
_PATCHES = (0, 99)
"""The first patch release of a Python, and more than any has."""


def holds(marker: str, machine: Machine, pythons: Iterable[str]) -> bool | None:
    """Whether a marker is true under CPython; None where the Pythons that may be meant differ.

    ``pythons`` are minor releases, ``3.12``. None also for what no description of a machine tells.
    """
    from packaging.markers import InvalidMarker, Marker, UndefinedComparison

    if any(name in marker for name in _UNTOLD):
        return None
    try:
        parsed = Marker(marker)
        told = {
            parsed.evaluate(_environment(machine, python, patch))
            for python in pythons
            for patch in _PATCHES
        }
    except (InvalidMarker, UndefinedComparison, ValueError):
        return None
    return told.pop() if len(told) == 1 else None


def _environment(machine: Machine, python: str, patch: int) -> dict[str, str]:
    system = machine.os.id
    platform, name, os_name = _SYSTEMS.get(system, _LINUX)
    full = f"{python}.{patch}"
    return {
        "sys_platform": platform,
        "platform_system": name,
        "os_name": os_name,
        "platform_machine": _PROCESSORS.get(system, {}).get(machine.arch, machine.arch),
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "implementation_version": full,
        "python_version": python,
        "python_full_version": full,
    }
