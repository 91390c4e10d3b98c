"""Releases of CUDA's toolkit as the index has them: which wheels belong together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from provisioner.catalog.toolkit_rows import ToolkitRelease
from provisioner.errors import OutsideError
from provisioner.request import parse_wish
from provisioner.upkeep.package_index import IndexFile, PackageIndex
from provisioner.upkeep.releases import parts_of
from provisioner.upkeep.survey import Trouble
from provisioner.upkeep.wheel import opened
from provisioner.version import is_dotted

TOOLKIT, _COMPILER = "cuda-toolkit", "nvidia-cuda-nvcc"
_PARTS = (_COMPILER, "nvidia-nvvm", "nvidia-cuda-crt", "nvidia-cuda-runtime", "nvidia-cuda-cccl")
"""What a program is compiled with: the compiler, what it calls, headers and the runtime."""
_PLATFORM = "x86_64"
_NVCC = "/bin/nvcc"


def refreshed(
    known: Iterable[ToolkitRelease], index: PackageIndex, day: str, *, anew: bool = False
) -> tuple[list[ToolkitRelease], list[Trouble]]:
    """Return the rows with one for each release that the index lists, and what went wrong.

    A release that has a row is not read again, unless ``anew``.
    """
    rows = {row.version: row for row in known}
    troubles = []
    try:
        listed = [one for one in index.files(TOOLKIT) if one.name.endswith(".whl")]
    except OutsideError as error:
        return list(rows.values()), [Trouble(TOOLKIT, error.reference, error.message)]
    for file in listed:
        parts = parts_of(file.name)
        if file.yanked or not parts or not is_dotted(parts[1]) or (parts[1] in rows and not anew):
            continue
        try:
            rows[parts[1]] = _row(index, file, parts[1], day)
        except OutsideError as error:
            troubles.append(Trouble(file.name, error.reference, error.message))
    return list(rows.values()), troubles


def _row(index: PackageIndex, file: IndexFile, version: str, day: str) -> ToolkitRelease:
    with opened(index.web, file) as wheel:
        components = dict(sorted(_components(wheel.metadata().get("requires-dist", []))))
    compiler = next((name for name in components if name.startswith(_COMPILER)), "")
    read = _wheel_of(index, compiler, components.get(compiler, ""))
    holds = False
    if read is not None:
        with opened(index.web, read) as wheel:
            holds = any(member.endswith(_NVCC) for member in wheel.members)
    proof = f"{file.name}: METADATA"
    seen = f"; {read.name}: {'bin/nvcc' if holds else 'no bin/nvcc'}" if read else ""
    return ToolkitRelease(
        version=version,
        components=components,
        compiler=holds,
        kind="measured",
        evidence=proof + seen,
        checked=day,
    )


def _components(requires: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The wheels that count, each with the version that a pin of it names."""
    for text in requires:
        wish = parse_wish(text.partition(";")[0])
        plain = wish.name.rpartition("-cu")[0] if wish.name[-2:].isdigit() else wish.name
        exact = wish.specifier.removeprefix("==").removesuffix(".*")
        if plain in _PARTS and is_dotted(exact):
            yield wish.name, exact


def _wheel_of(index: PackageIndex, package: str, version: str) -> IndexFile | None:
    """The wheel of one version for the platform that compilers are read on."""
    for file in index.files(package) if package else ():
        parts = parts_of(file.name)
        if parts and parts[1] == version and "linux" in file.name and _PLATFORM in file.name:
            return file
    return None
