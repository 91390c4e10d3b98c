"""nvcc as candidates: as NVIDIA's wheels or from a channel, and the parts that belong to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from provisioner.catalog.rows import Build, Library
from provisioner.catalog.toolkit_rows import ToolkitRelease
from provisioner.plan import Pin
from provisioner.request import Wish, admits, parse_wish
from provisioner.resolve.candidates import COMPILER, Candidate, Need
from provisioner.resolve.facts import Facts
from provisioner.resolve.host_compiler import needs_of_compiler
from provisioner.version import is_dotted, order

TOOLKIT = "cuda-toolkit"
"""NVIDIA's wheel that holds nothing, and names the versions of the others."""
_WHEEL, _CONDA = "nvidia-cuda-nvcc", "cuda-nvcc"
_OF_CHANNELS = {"conda", "conda-native"}


class Compilers:
    """The compilers that a search may choose from."""

    def __init__(
        self, facts: Facts, frameworks: Sequence[str], routes: Sequence[str]
    ) -> None:
        self.facts = facts
        self.frameworks = frameworks
        self.routes = frozenset(routes)

    def rows(self, wish: Wish | None) -> list[Library]:
        """The rows along the routes of the search, newest first; a wheel before a channel's."""
        found = [
            row
            for row in self.facts.catalog.libraries
            if self._goes_along(row)
            and row.platform == self.facts.platform
            and is_dotted(row.version)  # no pre-releases
            and (wish is None or wish.admits(row.version))
        ]
        found.sort(key=lambda row: (order(row.version), row.via == "pip"), reverse=True)
        return found

    def _goes_along(self, row: Library) -> bool:
        if row.via == "conda":
            return row.package == _CONDA and bool(self.routes & _OF_CHANNELS)
        return row.package.startswith(_WHEEL) and "pip" in self.routes

    def needs(self, row: Library) -> Iterator[Need]:
        """What a compiler needs beside a GPU that it makes code for."""
        yield from self._needs_of_frameworks(row)
        if row.via != "pip":
            if not self.frameworks:
                yield _of_cuda(row, "cuda", f"=={row.cuda}.*")
            return
        releases = releases_of(self.facts, row)
        if releases and not any(release.compiler for release in releases):
            yield Need(
                on=COMPILER,
                reference="no-compiler-in-wheel",
                reason=f"{row.package} {row.version} holds nvcc's assembler, and not nvcc itself",
                evidence=releases[-1].evidence,
                failed=True,
            )
        yield from needs_of_compiler(self.facts, row.version, row.evidence)
        yield Need(
            on=TOOLKIT if self.frameworks else "cuda",
            reference="framework-pin-conflict",
            reason=f"{row.package} {row.version} belongs to "
            + (f"CUDA {row.cuda}" if releases else "no release of CUDA's toolkit that is known"),
            evidence=row.evidence,
            among=tuple(_spelled(release.version for release in releases)),
        )

    def _needs_of_frameworks(self, row: Library) -> Iterator[Need]:
        for framework in self.frameworks:
            yield Need(
                on=f"cuda[{framework}]",
                reference="cuda-mismatch-ext-build",
                reason=f"{row.package} {row.version} belongs to CUDA {row.cuda}",
                evidence=row.evidence,
                among=releases_within(self.facts, row.cuda),
            )


def releases_within(facts: Facts, cuda: str) -> tuple[str, ...]:
    """The values of a framework's CUDA that are within a release: those that can be met."""
    return tuple(value for value in facts.cuda_values if admits(f"=={cuda}.*", value))


def releases_of(facts: Facts, row: Library) -> tuple[ToolkitRelease, ...]:
    """The releases of the toolkit that name a compiler's wheel, oldest first."""
    return tuple(
        release
        for release in facts.catalog.toolkits
        if release.components.get(row.package) == row.version
    )


def needs_of_toolkit(row: Build) -> Iterator[Need]:
    """The release of the toolkit that a framework's wheel names: nvcc has to be of the same."""
    for text in row.requires:
        wish = parse_wish(text)
        if wish.name == TOOLKIT and wish.specifier:
            yield Need(
                on=TOOLKIT,
                reference="framework-pin-conflict",
                reason=f"{row.framework} {row.version} needs {text}",
                evidence=row.evidence,
                specifier=wish.specifier,
            )


def parts(facts: Facts, found: Mapping[str, Candidate]) -> tuple[Pin, ...]:
    """Return what belongs to the nvcc of a solution: what it calls, headers, the runtime.

    Of the release that the solution holds already, where it holds one; else of the newest.
    """
    compiler = found.get("nvcc")
    if compiler is None or compiler.row.via != "pip":
        return ()
    releases = releases_of(facts, compiler.row)
    named = {found[name].version for name in ("cuda", TOOLKIT) if name in found}
    same = [release for release in releases if named & set(_spelled([release.version]))]
    release = (same or list(releases))[-1]
    return tuple(
        Pin(
            name=package,
            version=version,
            evidence=release.kind,
            requirement=f"{package}=={version}",
            why=(f"belongs to nvcc {compiler.version} in CUDA {release.version}",),
        )
        for package, version in release.components.items()
        if package != compiler.row.package
    )


def _spelled(versions: Iterator[str] | Sequence[str]) -> Iterator[str]:
    """Versions as toolkits bear them, and as what needs them writes them: 13.0.3.0, 13.0.3."""
    for version in versions:
        yield version
        if version.count(".") > 2:  # noqa: PLR2004 - a fourth number is one that others leave out
            yield version.removesuffix(".0")
