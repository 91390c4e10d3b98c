"""PyTorch's builds for AMD's and Intel's GPUs, which lie on its own index only.

They cannot be read from here: all is announced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec.structs import replace

from provisioner.catalog.rows import Build
from provisioner.catalog.support import Support
from provisioner.request import admits
from provisioner.upkeep.facts.table import Facts, short
from provisioner.version import minor

_PLATFORM = "linux-x86_64"
_TEST_CHANNEL = "test channel"
_MINOR = re.compile(r"\d+\.\d+")
_UNNAMED = "(public files)"
_XPU_TOPICS = ("xpu", "xpu-runtime-pins")


def rocm(
    facts: Facts, releases: Iterable[Build], index: str, supports: Iterable[Support]
) -> list[Build]:
    """The ROCm variants announced for each measured release of torch.

    ``index`` is the address below which PyTorch has an index for each variant; ``supports`` say
    which targets somebody found in them.
    """
    told = tuple(supports)
    listed = [row for row in releases if row.platform == _PLATFORM]
    return [
        replace(_rocm(release, version, row["source"], index, told), checked=facts.gathered)
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
        replace(
            _variant(release, "xpu", index),
            accelerator="xpu",
            evidence=source,
            checked=facts.gathered,
        )
        for release in releases
        if release.platform == _PLATFORM and (source := sources.get(minor(release.version)))
    ]


def _versions(row: dict[str, str]) -> list[str]:
    """The ROCm releases that a release of torch is built for.

    A list of the test channel is no list of the release: then only what the release document names.
    """
    listed = row["rocm_index_builds"].split()
    return listed if listed and _TEST_CHANNEL not in row["source"] else [row["rocm"]]


def _rocm(
    release: Build, version: str, source: str, index: str, supports: Iterable[Support]
) -> Build:
    found = next((row for row in supports if _speaks_of(row, release, version)), None)
    row = _variant(release, f"rocm{version}", index)
    proof = f"AMD targets: {found.evidence}" if found else "AMD targets not known"
    return replace(
        row,
        accelerator="rocm",
        rocm=version,
        gfx=found.gpus if found else (),
        evidence=f"{short(source)}; {proof}",
    )


def _speaks_of(row: Support, release: Build, version: str) -> bool:
    return (
        row.accelerator == "rocm"
        and release.framework in row.frameworks
        and version in row.rocm
        and admits(row.version, release.version)
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


def _variant(release: Build, name: str, index: str) -> Build:
    # PyTorch's documents install from that index alone, so it holds what the wheels need: their
    # triton is on no other.
    return Build(
        framework=release.framework,
        version=release.version,
        variant=name,
        platform=release.platform,
        pythons=release.pythons,
        glibc=release.glibc,
        index=f"{index}/{name}",
        index_holds_dependencies=True,
        kind="announced",
        evidence="",
        checked="",
    )
