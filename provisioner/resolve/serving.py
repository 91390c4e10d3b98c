"""Which code runs on which GPU: the one place where the rule stands.

A cubin (SASS) runs on the same major capability with an equal or higher minor, PTX is compiled
by the driver for any equal or higher capability (CUDA C++ Programming Guide, binary and PTX
compatibility). Architecture-specific targets (``90a``, ``100f``) run on that very capability
only. Tegra parts are outside binary compatibility in both directions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

from provisioner.plan import Serve
from provisioner.version import capability_of, numbers


def served_by(
    capability: str,
    sass: Iterable[str],
    ptx: Iterable[str],
    tegra: Collection[str] = (),
) -> tuple[str, str] | None:
    """Return the target that runs on a GPU of this capability, and its kind, or None.

    SASS goes before PTX, and of each the highest. ``tegra`` names the capabilities that
    share no code with others.
    """
    return _served_by(capability, tuple(sass), tuple(ptx), frozenset(tegra))


@lru_cache(maxsize=16384)
def _served_by(
    capability: str, sass: tuple[str, ...], ptx: tuple[str, ...], tegra: frozenset[str]
) -> tuple[str, str] | None:
    native = [arch for arch in sass if _runs_natively(arch, capability, tegra)]
    if native:
        return max(native, key=_height), "sass"
    compiled = [arch for arch in ptx if _compiles(arch, capability, tegra)]
    if compiled:
        return max(compiled, key=_height), "ptx"
    return None


def serve(
    name: str, capability: str, sass: Iterable[str], ptx: Iterable[str], tegra: Collection[str]
) -> Serve | None:
    """Return how the GPU called ``name`` is served, or None."""
    found = served_by(capability, sass, ptx, tegra)
    return None if found is None else Serve(name, found[0], found[1])


def _height(architecture: str) -> tuple[int, ...]:
    return numbers(capability_of(architecture)[0])


def _runs_natively(architecture: str, capability: str, tegra: Collection[str]) -> bool:
    target, suffix = capability_of(architecture)
    if target == capability:
        return True
    if suffix or target in tegra or capability in tegra:
        return False
    (major, minor), (gpu_major, gpu_minor) = numbers(target), numbers(capability)
    return major == gpu_major and minor <= gpu_minor


def _compiles(architecture: str, capability: str, tegra: Collection[str]) -> bool:
    target, suffix = capability_of(architecture)
    if target == capability:
        return True
    if suffix or target in tegra or capability in tegra:
        return False
    return numbers(target) <= numbers(capability)
