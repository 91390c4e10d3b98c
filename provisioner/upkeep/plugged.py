"""Builds that are put together by extras: jax, whose machine code comes in packages beside it.

Pure functions over rows. The package that a person asks for is plain Python; its *runtime* holds
the code for the CPU, and a *plugin*, which an extra brings, the code for GPUs. One row for each
combination, so that whoever chooses sees one build with its Pythons, its CUDA and its GPU code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from provisioner.catalog.rows import Build
from provisioner.catalog.sheets import natural
from provisioner.upkeep.requirements import parsed

if TYPE_CHECKING:
    from packaging.requirements import Requirement

Builds = Callable[[str], Sequence[Build]]

_CPU = "cpu"
_ON = {"sys_platform": "linux"}
"""No plugin is built for anything else."""


def plugged(bases: Iterable[Build], runtime: str, builds: Builds) -> Iterator[Build]:
    """Each base with its runtime, and with each plugin that one of its extras brings.

    ``builds`` gives the rows of a project. The variant is named as the extra: ``cuda12``. A base
    that pins no runtime, or one that nobody offers any more, gives nothing.
    """
    for base in bases:
        extra, wanted = _of_runtime(base, runtime)
        if wanted is None:
            continue
        for row in _newest_each(runtime, wanted, builds):
            yield _joined(base, extra, "default", (*_admitted(row.platform, wanted, builds),))
            for variant, needed in _plugins(base, builds):
                found = _admitted(row.platform, needed, builds)
                if found:
                    yield _with_plugin(base, variant, needed, (row, *found))


def _of_runtime(base: Build, runtime: str) -> tuple[str | None, Requirement | None]:
    """The extra that pins the runtime, None where no extra is needed; and what it pins."""
    for extra in (None, _CPU):
        for requirement in parsed(base.requires):
            if requirement.name == runtime and _holds(requirement, extra):
                return extra, requirement
    return None, None


def _holds(requirement: Requirement, extra: str | None) -> bool:
    marker = requirement.marker
    if marker is None:
        return extra is None
    return extra is not None and marker.evaluate({**_ON, "extra": extra})


def _newest_each(runtime: str, wanted: Requirement, builds: Builds) -> list[Build]:
    """The newest runtime that is admitted, for each platform."""
    rows = [row for row in builds(runtime) if _fits(row, wanted)]
    return list({row.platform: row for row in sorted(rows, key=_age)}.values())


def _admitted(platform: str, wanted: Requirement, builds: Builds) -> list[Build]:
    """What an installer may take of a project on a platform, newest first."""
    rows = [row for row in builds(wanted.name) if row.platform == platform and _fits(row, wanted)]
    return sorted(rows, key=_age, reverse=True)


def _fits(row: Build, wanted: Requirement) -> bool:
    return row.variant == "default" and not row.yanked and wanted.specifier.contains(row.version)


def _age(row: Build) -> tuple[tuple[int, int, str], ...]:
    return natural(row.version)


def _plugins(base: Build, builds: Builds) -> Iterator[tuple[str, Requirement]]:
    """The extras that are named as the CUDA of the plugin that they bring."""
    for requirement in parsed(base.requires):
        for cuda in sorted({row.cuda for row in builds(requirement.name) if row.cuda}):
            if _holds(requirement, f"cuda{cuda}"):
                yield f"cuda{cuda}", requirement


def _joined(base: Build, extra: str | None, variant: str, parts: tuple[Build, ...]) -> Build:
    first = parts[0]
    serving = {python for part in parts for python in part.pythons}
    return Build(
        framework=base.framework,
        version=base.version,
        variant=variant,
        platform=first.platform,
        pythons=tuple(python for python in base.pythons if python in serving),
        requires=tuple(_pinned(base, first.framework)),
        glibc=first.glibc,
        cpu=first.cpu,
        extra=extra,
        download_bytes=_sum(base, first),
        released=base.released,
        yanked=base.yanked,
        kind="measured",
        evidence=f"{base.evidence}; {first.evidence}",
        checked=max(base.checked, first.checked),
    )


def _with_plugin(base: Build, variant: str, needed: Requirement, parts: tuple[Build, ...]) -> Build:
    runtime, plugin, *older = parts
    serving = {python for part in (plugin, *older) for python in part.pythons}
    return Build(
        framework=base.framework,
        version=base.version,
        variant=variant,
        platform=runtime.platform,
        pythons=tuple(p for p in base.pythons if p in serving and p in runtime.pythons),
        cuda=plugin.cuda,
        cudnn=plugin.cudnn,
        sass=plugin.sass,
        ptx=plugin.ptx,
        requires=(
            *_pinned(base, runtime.framework, variant),
            f"{needed.name}{needed.specifier}",
            *_libraries(base, variant),
            *(text for extra in sorted(needed.extras) for text in _libraries(plugin, extra)),
        ),
        glibc=max(filter(None, (runtime.glibc, plugin.glibc)), key=natural, default=None),
        cpu=runtime.cpu,
        extra=variant,
        download_bytes=_sum(base, runtime, plugin),
        released=base.released,
        yanked=base.yanked,
        kind="measured",
        evidence=f"{base.evidence}; {plugin.evidence}",
        checked=max(base.checked, plugin.checked),
    )


def _pinned(base: Build, runtime: str, extra: str | None = None) -> Iterator[str]:
    """What the base asks of its runtime, without the marker."""
    texts = [
        f"{item.name}{item.specifier}"
        for wanted in (extra, None, _CPU)
        for item in parsed(base.requires)
        if item.name == runtime and _holds(item, wanted)
    ]
    yield from texts[:1]


def _libraries(row: Build, extra: str) -> Iterator[str]:
    """NVIDIA's packages that an extra brings, without its marker."""
    for item in parsed(row.requires):
        if item.name.startswith("nvidia-") and _holds(item, extra.replace("_", "-")):
            yield f"{item.name}{item.specifier}"


def _sum(*parts: Build) -> int | None:
    sizes = [part.download_bytes for part in parts]
    return sum(filter(None, sizes)) if all(sizes) else None
