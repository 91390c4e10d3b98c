"""The CUDA variants of PyTorch's own index: which were announced, and for which GPUs.

They cannot be read from here, so everything is announced: release documents first, then what users
printed or build scripts say, then the history of the build script at the day of the release.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

import msgspec

from provisioner.catalog.rows import Build
from provisioner.catalog.sheets import natural
from provisioner.upkeep.facts.table import Facts, architectures, short
from provisioner.version import minor

Archs = tuple[tuple[str, ...], tuple[str, ...], str]
"""Machine code, PTX and the source of both."""

_TOKEN = re.compile(r"\bcu(\d+)(\d)(?:\(([\d.]+)[^)]*\))?")
_SHARED_CUDNN = re.compile(r" \(([\d.]+)\)$")
_NOT_KNOWN = "unknown"
_MATRIX_PLATFORMS = {
    "x86_64+windows": ("linux-x86_64", "windows-x86_64"),
    "aarch64": ("linux-aarch64",),
}
"""The release documents' columns → our platforms."""
_LAST_OF_HISTORY = "2.5"
"""The build script moved to another repository after this release."""


class Variant(msgspec.Struct, frozen=True):
    """One announced variant of a release: ``cu126`` is CUDA 12.6."""

    name: str
    cuda: str
    cudnn: str | None
    source: str


def variants_of(facts: Facts, releases: Iterable[Build], index: str) -> list[Build]:
    """The variants announced for each measured release, on its platform.

    ``index`` is the address below which PyTorch has an index for each variant.
    """
    listed = list(releases)
    carrying = {row.cuda for row in listed if row.ptx}
    return [
        made
        for release in listed
        for variant in variants(facts, minor(release.version))
        if (made := _variant(facts, release, variant, index, carrying)) is not None
    ]


def _variant(
    facts: Facts, release: Build, variant: Variant, index: str, carrying: set[str | None]
) -> Build | None:
    """The build of a variant beside a default wheel; None where nobody announced that platform.

    ``carrying`` are the CUDA releases of which a wheel was found to carry PTX.
    """
    if variant.cuda == release.cuda:
        sass, ptx, cudnn = release.sass, release.ptx, release.cudnn or variant.cudnn
        source = "architectures: as the measured default wheel of the same CUDA"
    else:
        archs = _archs(facts, release, variant, carrying)
        if archs is None:
            return None
        sass, ptx, source = archs
        cudnn = variant.cudnn
    return Build(
        framework="torch",
        version=release.version,
        variant=variant.name,
        platform=release.platform,
        pythons=release.pythons,
        cuda=variant.cuda,
        cudnn=cudnn,
        sass=sass,
        ptx=ptx,
        glibc=release.glibc,
        index=f"{index}/{variant.name}",
        kind="announced",
        evidence=f"{variant.source}; {source}",
        checked=facts.gathered,
    )


def variants(facts: Facts, release: str) -> list[Variant]:
    """The variants announced for a minor release, stable ones first; empty where none is known."""
    found: dict[str, Variant] = {}
    for row in facts.rows("06_torch_variants"):
        if row["torch_minor"] != release:
            continue
        for cell in (row["stable_cuda_variants(cudnn)"], row["experimental_variants"]):
            if _NOT_KNOWN in cell:
                continue
            shared = _SHARED_CUDNN.search(cell)
            for major, last, cudnn in _TOKEN.findall(cell):
                name = f"cu{major}{last}"
                number = cudnn or (shared[1] if shared else None)
                found[name] = Variant(name, f"{major}.{last}", number, short(row["source"]))
    return list(found.values())


def _archs(
    facts: Facts, release: Build, variant: Variant, carrying: set[str | None]
) -> Archs | None:
    """What a variant is compiled for.

    None: not announced for this platform. Empty lists: announced, and the list is not known.
    """
    version, platform = release.version, release.platform
    matrix = _from_matrix(facts, version, variant, platform)
    if matrix is not None:
        return matrix
    reported = _from_reports(facts, version, variant, platform)
    if reported is not None:
        return reported
    if platform != "linux-x86_64":
        return None
    if natural(minor(version)) <= natural(_LAST_OF_HISTORY):
        return _from_history(facts, version, variant, carrying)
    return (), (), "architectures not known"


def _from_matrix(facts: Facts, version: str, variant: Variant, platform: str) -> Archs | None:
    for row in facts.rows("06_torch_release_matrix"):
        same = row["torch"] == minor(version) and row["cuda"] == variant.cuda
        if same and platform in _MATRIX_PLATFORMS[row["platform"]]:
            sass = architectures(row["compute_caps"])
            # "planned" PTX never reached the wheels that could be read: it is left out.
            stated = re.match(r"linux only \(([\d.]+)\)", row["ptx"])
            linux = platform.startswith("linux-")
            ptx = architectures(f"{stated[1]}+PTX", "compute") if stated and linux else ()
            return sass, ptx, f"architectures: {row['source']}"
    return None


def _from_reports(facts: Facts, version: str, variant: Variant, platform: str) -> Archs | None:
    for row in facts.rows("06_torch_index_arch_reported"):
        pattern = row["torch"].replace("x", "*") if "x" in row["torch"] else row["torch"]
        names = {pattern, f"{pattern}.*"} if pattern.count(".") == 1 else {pattern}
        fits = any(fnmatchcase(version, name) for name in names)
        if fits and row["index"] == variant.name and row["platform"] == platform.replace("-", "_"):
            ptx = architectures(";".join(f"{n}+PTX" for n in row["ptx"].split()), "compute")
            source = f"architectures ({row['kind']}): {row['source']}"
            return architectures(row["sm"]), ptx, source
    return None


def _from_history(facts: Facts, version: str, variant: Variant, carrying: set[str | None]) -> Archs:
    """The build script's list for a CUDA release at the day of the upload."""
    day = next(
        (
            row["first_upload"]
            for row in facts.rows("06_release_dates")
            if row["package"] == "torch" and row["version"] == version
        ),
        "",
    )
    fitting = [
        row
        for row in facts.rows("06_torch_archlist_history")
        if row["date"] <= day and row["arch_list"] and fnmatchcase(variant.cuda, row["cuda"])
    ]
    if not fitting:
        return (), (), "architectures not known"
    # The table is in order of time: the last commit wins. One commit can hold a shorter list for
    # aarch64 beside the one for x86_64.
    commit = fitting[-1]["commit"]
    row = max((r for r in fitting if r["commit"] == commit), key=lambda r: len(r["arch_list"]))
    sass, ptx = architectures(row["arch_list"]), architectures(row["arch_list"], "compute")
    source = f"architectures: {short(row['source'])} ({row['date']})"
    if ptx and variant.cuda not in carrying:
        return sass, (), f"{source}, its PTX left out: measured wheels of this CUDA carry none"
    return sass, ptx, source
