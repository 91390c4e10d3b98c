"""PyTorch's builds for AMD's and Intel's GPUs, which lie on its own index only.

They cannot be read from here: all is announced. No plan takes them yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec.structs import replace

from provisioner.catalog.rows import Build
from provisioner.upkeep.facts.table import Facts, short
from provisioner.version import minor, numbers

_PLATFORM = "linux-x86_64"
_TEST_CHANNEL = "test channel"
_GUESSED = "inferred"
_MINOR = re.compile(r"\d+\.\d+")
_UNNAMED = "(public files)"
_XPU_TOPICS = ("xpu", "xpu-runtime-pins")


def rocm(facts: Facts, releases: Iterable[Build], index: str) -> list[Build]:
    """The ROCm variants announced for each measured release of torch.

    ``index`` is the address below which PyTorch has an index for each variant.
    """
    listed = [row for row in releases if row.platform == _PLATFORM]
    return [
        _rocm(facts, release, version, row["source"], index)
        for row in facts.rows("20_rocm_torch_builds")
        if row["kind"] == "torch_index_build"
        for release in listed
        if minor(release.version) == row["torch_minor"]
        for version in _versions(row)
    ]


def xpu(facts: Facts, releases: Iterable[Build], index: str) -> list[Build]:
    """The XPU variants of the releases for which somebody documents one."""
    sources = _xpu_sources(facts)
    return [
        replace(_variant(facts, release, "xpu", index), accelerator="xpu", evidence=source)
        for release in releases
        if release.platform == _PLATFORM and (source := sources.get(minor(release.version)))
    ]


def _versions(row: dict[str, str]) -> list[str]:
    """The ROCm releases that a release of torch is built for.

    A list of the test channel is no list of the release: then only what the release document names.
    """
    listed = row["rocm_index_builds"].split()
    return listed if listed and _TEST_CHANNEL not in row["source"] else [row["rocm"]]


def _rocm(facts: Facts, release: Build, version: str, source: str, index: str) -> Build:
    gfx, proof = _targets(facts, version)
    row = _variant(facts, release, f"rocm{version}", index)
    return replace(
        row,
        accelerator="rocm",
        rocm=version,
        gfx=gfx,
        evidence=f"{short(source)}{proof or '; AMD targets not known'}",
    )


def _targets(facts: Facts, version: str) -> tuple[tuple[str, ...], str]:
    """What the build script compiles for with a ROCm release; empty where that was inferred."""
    for row in reversed(facts.rows("20_rocm_torch_builds")):
        if row["kind"] != "wheel_gfx_list" or _GUESSED in row["source"] or not _named(row):
            continue
        if _covers(row["rocm"], version):
            return tuple(row["gfx"].split()), f"; AMD targets: {row['source']} ({row['note']})"
    return (), ""


def _covers(span: str, version: str) -> bool:
    """Whether ``6.0-6.2``, ``5.6/5.7``, ``4.3-5.x`` or ``<=4.2`` names a release's minor."""
    asked = numbers(minor(version))
    if span.startswith("<="):
        return asked <= numbers(span[2:])
    if "/" in span:
        return minor(version) in span.split("/")
    first, _, last = span.partition("-")
    return numbers(first) <= asked and (
        asked[:1] <= numbers(last[:-2]) if last.endswith(".x") else asked <= numbers(last)
    )


def _xpu_sources(facts: Facts) -> dict[str, str]:
    """Each minor release that a document names with XPU → that document."""
    found: dict[str, str] = {}
    for row in facts.rows("21_xpu_mps"):
        if row["topic"] in _XPU_TOPICS and _MINOR.fullmatch(row["version"]) and _named(row):
            pins = f" (runtime {row['requires']})" if row["topic"] != "xpu" else ""
            found.setdefault(row["version"], f"{row['source'].strip()}{pins}")
    return found


def _named(row: dict[str, str]) -> str:
    """What a source says beside that it is public; empty where nobody could find it again."""
    return row["source"].replace(_UNNAMED, "").strip(" ();")


def _variant(facts: Facts, release: Build, name: str, index: str) -> Build:
    return Build(
        framework=release.framework,
        version=release.version,
        variant=name,
        platform=release.platform,
        pythons=release.pythons,
        glibc=release.glibc,
        index=f"{index}/{name}",
        kind="announced",
        evidence="",
        checked=facts.gathered,
    )
