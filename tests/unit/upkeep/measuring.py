"""A refresh of made-up wheels on a loopback index, and the rows it finds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Build
from provisioner.upkeep.comparing import Refreshed
from provisioner.upkeep.refresh import asked_for, refresh
from tests.unit.upkeep import wheels
from tests.unit.upkeep.loopback import Loopback

CHECKOUT = Path(__file__).resolve().parents[3]
CATALOG = Catalog(CHECKOUT / "stacks")
DAY = "2026-11-20"
LINUX = "manylinux_2_28_x86_64"
CUDNN = 'nvidia-cudnn-cu13==9.30.0.7; platform_system == "Linux"'
TRITON = 'triton==3.99.0; platform_system == "Linux" and platform_machine == "x86_64"'


def asked(*words: str, cache: Path | None = None, catalog: Catalog = CATALOG) -> Refreshed:
    """A refresh of what the words name."""
    found = asked_for(words, catalog.projects, default=())
    return refresh(catalog, found, cache, anew=False, told=lambda *_: None)


def rows(found: Refreshed, framework: str) -> list[Any]:
    """The rows of a framework's made-up releases, with what is no default, but for the day."""
    made = [
        row
        for listed in found.rows.values()
        for row in listed
        if isinstance(row, Build) and row.framework == framework and row.version.startswith("99")
    ]
    assert {row.checked for row in made} <= {DAY}
    return [
        {
            field: getattr(row, field)
            for field in Build.__struct_fields__
            if field not in {"framework", "version", "checked", "released"} and getattr(row, field)
        }
        for row in made
    ]


def row(**fields: Any) -> dict[str, Any]:
    """A row as ``rows`` gives it."""
    usual = {"variant": "default", "via": "pip", "libraries": "bundled", "kind": "measured"}
    order = {field: number for number, field in enumerate(Build.__struct_fields__)}
    found = usual | fields
    return {field: found[field] for field in sorted(found, key=order.__getitem__)}


def serve(index: Loopback, project: str, tags: str, data: bytes, **more: Any) -> str:
    name = f"{project.replace('-', '_')}-99.1.0-{tags}.whl"
    index.add(project, name, data, **more)
    return name


def torch(index: Loopback, cuda: str = "13.2", sass: Sequence[str] = ("sm_75", "sm_120")) -> str:
    data = wheels.torch("99.1.0", cuda, sass, ("compute_120",), (CUDNN, TRITON, "sympy>=1.13"))
    return serve(index, "torch", f"cp311-cp311-{LINUX}", data)
