"""JAX as the fact tables have it: jax with the newest jaxlib, plugin and cuDNN that it allows."""

from __future__ import annotations

import re
from functools import cache

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from .factsheet import Build, capabilities, pythons, rows

Row = dict[str, str]


@cache
def jax_builds() -> tuple[Build, ...]:
    """Every release with a jaxlib on the index: for the CPU, and for each CUDA that it offers."""
    found = []
    for row in rows("08_jax.csv"):
        if row["package"] != "jax":
            continue
        jaxlib = _newest("jaxlib", _bound(row, "jaxlib", "") or _bound(row, "jaxlib", "cpu"))
        if jaxlib is None:
            continue
        plain = _build(row, jaxlib)
        found.append(plain)
        found += [build for major in ("12", "13") if (build := _for_cuda(row, plain, major))]
    return tuple(found)


def _build(row: Row, jaxlib: Row) -> Build:
    allowed = SpecifierSet(row["requires_python"])
    tags = pythons(jaxlib["python_tags"])
    return Build(
        framework="jax",
        version=Version(row["version"]),
        variant="default",
        platform="x86_64",
        pythons=frozenset(tag for tag in tags if tag.rstrip("t") in allowed),
        cuda=None,
        cudnn=None,
        sass=frozenset(),
        ptx=frozenset(),
        measured=True,
    )


def _for_cuda(row: Row, plain: Build, major: str) -> Build | None:
    extra, package = f"cuda{major}", f"jax-cuda{major}-plugin"
    plugin = _newest(package, _bound(row, package, extra))
    jaxlib = _newest("jaxlib", _bound(row, "jaxlib", extra))
    if plugin is None or jaxlib is None:
        return None
    cudnn = f"nvidia-cudnn-cu{major}"
    told = _bound(row, cudnn, extra) or _bound(plugin, cudnn, "with[_-]cuda")
    code = next(
        code
        for code in rows("08_jax_archs.csv")
        if (code["package"], code["version"]) == (package, plugin["version"])
    )
    return _build(row, jaxlib)._replace(
        variant=extra,
        pythons=plain.pythons & pythons(jaxlib["python_tags"]) & pythons(plugin["python_tags"]),
        cuda=major,
        cudnn=told,
        sass=capabilities(code["sass"]),
        ptx=capabilities(code["ptx"]),
    )


def _bound(row: Row, package: str, extra: str) -> str | None:
    """What a row asks of a package; under an extra where one is named."""
    for part in row["requires"].split(" | "):
        found = re.fullmatch(rf"{package}(?:\[[\w-]+\])?([<>=][^;+]*)(;.*)?", part)
        marker = re.search(r"extra==['\"]([\w-]+)", (found and found[2]) or "")
        if found and re.fullmatch(extra, marker[1] if marker else ""):
            return found[1]
    return None


def _newest(package: str, bound: str | None) -> Row | None:
    if bound is None:
        return None
    fitting = [
        row
        for row in rows("08_jax.csv")
        if row["package"] == package and row["version"] in SpecifierSet(bound)
    ]
    return max(fitting, key=lambda row: Version(row["version"]), default=None)
