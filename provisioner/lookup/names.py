"""The names that have builds, and which of them decides for another."""

from __future__ import annotations

from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Build
from provisioner.resolve.builds import Builds


def names(catalog: Catalog) -> tuple[str, ...]:
    """Every name that ``Catalog.builds`` knows, in alphabetical order."""
    return tuple(sorted({*catalog.frameworks, *catalog.contents.companions}))


def extends(builds: Builds, row: Build) -> str | None:
    """The framework whose build decides on GPUs and CUDA for one that names no code of its own.

    None too where that one is never built for a GPU: jaxlib decides nothing for its plugins.
    """
    name = builds.sibling(row)
    decides = name is not None and any(other.cuda for other in builds.facts.catalog.builds(name))
    return name if decides else None
