"""The rows of CUDA's toolkit: which versions of its parts belong together."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.catalog.rows import Row


class ToolkitRelease(Row, frozen=True, kw_only=True):
    """One release of CUDA's toolkit as wheels, and what of it a compiler needs."""

    version: str
    components: Mapping[str, str]
    """Wheels by name, each with the version that the release names: nvcc, what it calls, and the
    headers and the runtime that programs are compiled against."""
    compiler: bool = False
    """Its nvcc wheel holds nvcc itself; those before CUDA 13 hold no more than its assembler."""
    kind: str

    def __hash__(self) -> int:
        """Of what names it: a mapping has none of its own."""
        return hash((self.version, self.kind))
