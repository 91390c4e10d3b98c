"""nvcc as candidates: as NVIDIA's wheels or from a channel, and the parts that belong to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from provisioner.catalog.rows import Build, Library
from provisioner.catalog.toolkit_rows import ToolkitRelease
from provisioner.plan import Pin
from provisioner.request import Wish, admits, parse_wish
from provisioner.resolve.candidates import COMPILER, GPU, NO_CUDA, Candidate, Need, cuda_of
from provisioner.resolve.facts import Facts
from provisioner.resolve.host_compiler import needs_of_compiler
from provisioner.version import is_dotted, order

TOOLKIT = "cuda-toolkit"
"""NVIDIA's wheel that holds nothing, and names the versions of the others."""
_WHEEL, _CONDA = "nvidia-cuda-nvcc", "cuda-nvcc"
_FOURTH_IS_ZERO = re.compile(r"(\d+\.\d+\.\d+)\.0")
_OF_CHANNELS = {"conda", "conda-native"}
UNLINKED = "unlinked"
"""Stands among the routes of an output that cannot make the links that nvcc's wheels lack."""


class Compilers:
    """The compilers that a search may choose from."""

    def __init__(self, facts: Facts, frameworks: Sequence[str], routes: Sequence[str]) -> None:
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
        wheels = "pip" in self.routes and UNLINKED not in self.routes
        return wheels and row.package.startswith(_WHEEL)

    def needs(self, row: Library) -> Iterator[Need]:
        """What a compiler needs beside a GPU that it makes code for."""
        if row.via == "conda" or self.frameworks:
            yield from bound_to_cuda(self.facts, self.frameworks, row)
        if row.via == "conda":
            return
        yield from self._needs_of_boards(row)
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
            failed=not releases,
        )

    def _needs_of_boards(self, row: Library) -> Iterator[Need]:
        """What speaks against a wheel for servers on the boards that Tegra parts sit on.

        It makes code for them; that its runtime and its host code run there nobody has read.
        """
        for gpu in self.facts.gpus:
            if (gpu.compute_capability or "") in self.facts.tegra:
                yield Need(
                    on=GPU,
                    reference="aarch64-jetson",
                    reason=f"{gpu.name} is a Tegra part, and nobody has read that "
                    f"{row.package}'s wheels are for its boards",
                    evidence=row.evidence,
                    failed=True,
                )


def bound_to_cuda(facts: Facts, frameworks: Sequence[str], row: Library) -> Iterator[Need]:
    """What a library or a compiler needs of CUDA: the release that it belongs to.

    That is asked of every framework, where there are any.
    """
    reason = f"{row.package} {row.version} belongs to CUDA {row.cuda}"
    if not frameworks:
        yield Need(
            on="cuda",
            reference="framework-pin-conflict",
            reason=reason,
            evidence=row.evidence,
            specifier=f"=={row.cuda}.*",
        )
    for framework in frameworks:
        yield Need(
            on=cuda_of(framework),
            reference="cuda-mismatch-ext-build",
            reason=reason,
            evidence=row.evidence,
            among=releases_within(facts, row.cuda),
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


def needs_of_framework(name: str, row: Build) -> Iterator[Need]:
    """The CUDA that nvcc has to share with a framework: what its package was built with.

    Wheels say so by themselves; some name the very release of the toolkit besides.
    """
    if row.via == "conda":
        yield Need(
            on=cuda_of(name),
            reference="cuda-mismatch-ext-build",
            reason=f"it is built with CUDA {row.cuda}" if row.cuda else "it is built without CUDA",
            evidence=row.evidence,
            among=(row.cuda or NO_CUDA,),
        )
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
        if short := _FOURTH_IS_ZERO.fullmatch(version):
            yield short[1]
