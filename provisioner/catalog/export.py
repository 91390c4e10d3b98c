"""The catalog as one document for other programs: ``dlsetup catalog export``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from provisioner.catalog.load import Catalog

_CUDNN = "cudnn"


def export(catalog: Catalog) -> dict[str, list[dict[str, Any]]]:
    """Every row of the matrix with all its keys, None where nothing is known.

    Keys: ``cuda``, ``cudnn``, ``gpus``, ``drivers``, ``builds``, ``images``. For one framework,
    version, variant and platform there is exactly one build.
    """
    libraries = catalog.libraries + catalog.other_libraries
    cudnn = [row for row in libraries if _CUDNN in row.package]
    builds = dict.fromkeys(row for name in catalog.every_name for row in catalog.every_build(name))
    return {
        "cuda": _plain(catalog.cuda),
        "cudnn": _plain(cudnn),
        "gpus": _plain(catalog.gpus),
        "drivers": _plain(catalog.drivers),
        "builds": _plain(builds),
        "images": _plain(catalog.images + catalog.cuda_images),
    }


def _plain(found: Iterable[msgspec.Struct]) -> list[dict[str, Any]]:
    return [plain(row) for row in found]


def plain(value: Any) -> Any:
    """A value for JSON with every key of every row in it, None where nothing is known."""
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in _fields(value)}
    return [plain(item) for item in value] if isinstance(value, tuple) else value


def _fields(row: msgspec.Struct) -> list[str]:
    """A row's keys, what it is about before its proof."""
    names = list(row.__struct_fields__)
    proof = [name for name in ("evidence", "checked") if name in names]
    return [name for name in names if name not in proof] + proof
