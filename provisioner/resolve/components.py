"""CUDA, cuDNN and nvcc as candidates of their own, and the libraries that frameworks leave open.

Where a framework is asked for too, ``cuda`` and ``cudnn`` say what that framework has to come
with, and nothing more is installed: its wheels carry them.
"""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog.rows import Cuda, Library
from provisioner.plan import Serve
from provisioner.request import Wish
from provisioner.resolve.candidates import DRIVER, GPU, Candidate, Need
from provisioner.resolve.compilers import Compilers, bound_to_cuda
from provisioner.resolve.facts import Facts
from provisioner.resolve.gpu_needs import needs_of_tegra
from provisioner.resolve.host_compiler import needs_of_compiler
from provisioner.resolve.serving import serve
from provisioner.version import is_dotted, minor, order

PACKAGES = {"cudnn": "nvidia-cudnn", "nvcc": "nvidia-cuda-nvcc"}


class Components:
    """Makes candidates out of CUDA and library rows, for one machine."""

    def __init__(
        self,
        facts: Facts,
        wishes: dict[str, Wish],
        frameworks: tuple[str, ...],
        routes: tuple[str, ...],
    ) -> None:
        self.facts = facts
        self.wishes = wishes
        self.frameworks = frameworks
        self.compilers = Compilers(facts, frameworks, routes)

    def carried(self, name: str) -> bool:
        """Whether a component is one that the frameworks asked for bring along."""
        return bool(self.frameworks) and name in {"cuda", "cudnn"}

    def candidates(self, name: str) -> list[Candidate]:
        """Return the candidates for a component or a library package, best first."""
        if name == "cuda":
            return self._toolkits()
        if name == "nvcc":
            return [self._compiler(row) for row in self.compilers.rows(self.wishes.get(name))]
        prefix = PACKAGES.get(name, name)
        rows = [
            row
            for row in self.facts.catalog.libraries
            if row.via == "pip"
            and row.platform == self.facts.platform
            and (row.package == prefix or (name in PACKAGES and row.package.startswith(prefix)))
            and is_dotted(row.version)  # no pre-releases
            and self._wanted(name, row.version)
        ]
        asked = name in PACKAGES
        rows.sort(key=lambda row: (asked or _floor_is_known(row), order(row.version), row.cuda))
        return [self._library(name, row) for row in reversed(rows)]

    def _wanted(self, name: str, version: str) -> bool:
        wish = self.wishes.get(name)
        return wish is None or wish.admits(version)

    def _toolkits(self) -> list[Candidate]:
        found = [
            (version, row)
            for row in self.facts.catalog.cuda
            for version in row.toolkits
            if self._wanted("cuda", version) and self.facts.platform.startswith("linux-")
        ]
        found.sort(key=lambda pair: order(pair[0]), reverse=True)
        return [self._toolkit(version, row) for version, row in found]

    def _toolkit(self, version: str, row: Cuda) -> Candidate:
        serves = self._serves(row.architectures, ())
        return Candidate(
            on="cuda",
            version=version,
            variant="default",
            row=row,
            serves=serves,
            merits=(order(version),),
            needs=(
                *self._needs_of_gpus(row.architectures, (), row.evidence),
                *self._needs_of_driver(row.version),
                *needs_of_compiler(self.facts, version, row.evidence),
            ),
        )

    def _library(self, name: str, row: Library) -> Candidate:
        needs = [*self._needs_of_gpus(row.sass, row.ptx, row.evidence)] if row.sass else []
        if name in PACKAGES:
            needs += bound_to_cuda(self.facts, self.frameworks, row)
        return Candidate(
            on=name,
            version=row.version,
            variant="default",
            row=row,
            serves=self._serves(row.sass, row.ptx),
            merits=(order(row.version),),
            needs=tuple(needs),
        )

    def _compiler(self, row: Library) -> Candidate:
        own = self.compilers.needs(row)
        floor = self._needs_of_driver(row.cuda) if row.via == "conda" else ()
        return Candidate(
            on="nvcc",
            version=row.version,
            variant="default",
            row=row,
            serves=self._serves(row.sass, row.ptx),
            merits=(order(row.version),),
            needs=(*self._needs_of_gpus(row.sass, row.ptx, row.evidence), *floor, *own),
        )

    def _serves(self, sass: tuple[str, ...], ptx: tuple[str, ...]) -> tuple[Serve, ...]:
        found = [
            serve(gpu.name, gpu.compute_capability or "", sass, ptx, self.facts.tegra)
            for gpu in self.facts.gpus
        ]
        return tuple(served for served in found if served is not None)

    def _needs_of_gpus(
        self, sass: tuple[str, ...], ptx: tuple[str, ...], evidence: str
    ) -> Iterator[Need]:
        yield from needs_of_tegra(self.facts)
        for gpu in self.facts.gpus:
            capability = gpu.compute_capability or ""
            if serve(gpu.name, capability, sass, ptx, self.facts.tegra) is None:
                plain = [one for one in (*sass, *ptx) if one[-1].isdigit()]
                listed = " ".join(plain) or "nothing that was read"
                yield Need(
                    on=GPU,
                    reference="gpu-unsupported",
                    reason=f"it makes code for {listed}: not for {gpu.name} ({capability})",
                    evidence=evidence,
                    failed=True,
                )

    def _needs_of_driver(self, cuda: str) -> Iterator[Need]:
        if not self.facts.gpus:
            return
        floor = self.facts.floor_of(minor(cuda))
        if floor is None:
            reason = f"nobody knows which driver CUDA {cuda} needs"
            yield Need(on=DRIVER, reference="unknown-cuda", reason=reason, failed=True)
            return
        yield Need(
            on=DRIVER,
            reference="driver-too-old",
            reason=f"CUDA {minor(cuda)} needs driver {floor} or later",
            evidence=self.facts.cuda[minor(cuda)].evidence,
            floor=floor,
        )


def _floor_is_known(row: Library) -> bool:
    """Left to us, cuDNN whose driver floor was read goes before cuDNN whose nobody knows."""
    return row.driver_floor is not None or not row.package.startswith("nvidia-cudnn")
