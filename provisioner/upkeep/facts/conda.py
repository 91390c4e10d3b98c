"""Conda's channels: CUDA libraries, PyTorch and TensorFlow as the channels build them.

What is known is what CI was asked to build and what package pages listed: all is announced.
"""

from __future__ import annotations

import re

from provisioner.catalog.rows import Build, Library
from provisioner.catalog.sheets import natural
from provisioner.upkeep.facts.avx import needs_avx
from provisioner.upkeep.facts.table import Facts, architectures, short

_LIBRARIES = ("cudatoolkit", "cudnn")
_FRAMEWORKS = {"torch": "pytorch", "tensorflow": "tensorflow"}
"""What people ask for → what conda-forge calls it."""
_PLATFORM, _OURS = "linux-64", "linux-x86_64"
_FOR_CPU = {_PLATFORM: _OURS, "linux-aarch64": "linux-aarch64"}
_NONE = "none"
_STRINGS_SEEN = {
    "pytorch": ("1", ""),
    "tensorflow": (
        "2.10",
        "; build strings: meta.yaml @023da31d (2.12), lists of 2.10.0 and 2.19.1 as installed",
    ),
}
"""From which release on the strings of builds without CUDA were seen to begin with ``cpu``, and
where, if the table's own rules do not say it."""
_VERSION = re.compile(r"\d+\.\d+")
_OLDEST_CUDA = "9"


def libraries(facts: Facts) -> list[Library]:
    """conda-forge's CUDA toolkits and cuDNN, one row for each CUDA they were built with."""
    return [
        Library(
            package=row["package"],
            version=row["version"],
            via="conda",
            channel="conda-forge",
            platform=_OURS,
            cuda=cuda,
            sass=sass,
            kind="announced",
            evidence=short(row["source"]) + note,
            checked=facts.gathered,
        )
        for row in facts.rows("14_conda_forge_builds")
        if row["package"] in _LIBRARIES and _PLATFORM in row["platform"].split()
        for cuda in row["cuda"].split()
        for sass, note in [_as_wheel(facts, row, cuda)]
    ]


def conda_forge(facts: Facts, framework: str) -> list[Build]:
    """conda-forge's builds of a framework that plans choose from: see ``is_planned``."""
    return [
        _conda_forge(facts, row, framework)
        for row in facts.rows("14_conda_forge_builds")
        if row["package"] == _FRAMEWORKS[framework] and is_planned(facts, row)
    ]


def is_planned(facts: Facts, row: dict[str, str]) -> bool:
    """Whether a row of conda-forge's can be asked for by name, and computes where it is told to.

    Builds with CUDA whose architectures the recipe states, and those without where nothing but
    their build string could tell them from builds with CUDA, and it is known.
    """
    if row["cuda"] != _NONE:
        return row["platform"] == _PLATFORM and bool(row["arch_list"])
    seen = natural(row["version"]) >= natural(_STRINGS_SEEN[row["package"]][0])
    return row["platform"] in _FOR_CPU and (seen or not _is_beside_cuda(facts, row))


def _is_beside_cuda(facts: Facts, row: dict[str, str]) -> bool:
    """Whether a release has builds with CUDA too."""
    return any(
        other["cuda"] != _NONE
        for other in facts.rows("14_conda_forge_builds")
        if (other["package"], other["version"]) == (row["package"], row["version"])
    )


def defaults(facts: Facts) -> list[Build]:
    """TensorFlow 1 with CUDA 9 and later from the defaults channel.

    Releases that were built with two CUDA versions are left out: the table does not say which
    architectures belong to which.
    """
    return [
        _default(facts, row) for row in facts.rows("15_conda_legacy") if is_planned_default(row)
    ]


def is_planned_default(row: dict[str, str]) -> bool:
    """Whether a row of the old channels is one of ``defaults``."""
    cuda = _VERSION.findall(row["cuda_spec"])
    return (
        row["channel"] == "defaults"
        and row["package"].startswith("tensorflow-gpu /")
        and row["version"].startswith("1.")
        and len(cuda) == 1
        and natural(cuda[0]) >= natural(_OLDEST_CUDA)
        and bool(row["python"])
    )


def _as_wheel(facts: Facts, row: dict[str, str], cuda: str) -> tuple[tuple[str, ...], str]:
    """What the wheel of the same cuDNN is compiled for: both repack one library of NVIDIA's."""
    package = f"nvidia-cudnn-cu{cuda.partition('.')[0]}"
    for wheel in facts.rows("05_cudnn_fatbin_archs"):
        same = (wheel["package"], wheel["version"]) == (package, row["version"])
        if row["package"] == "cudnn" and same:
            return architectures(wheel["sass"]), f"; architectures: {wheel['source']}"
    return (), ""


def _conda_forge(facts: Facts, row: dict[str, str], framework: str) -> Build:
    cuda = None if row["cuda"] == _NONE else row["cuda"]
    name = f"cuda{cuda.replace('.', '')}" if cuda else "cpu"
    package = _FRAMEWORKS[framework]
    platform = _FOR_CPU[row["platform"]]
    told_apart = cuda is not None or _is_beside_cuda(facts, row)
    avx = platform == _OURS and framework == "tensorflow" and needs_avx(facts, row["version"])
    oldest = row["glibc_min"].split("|")
    return Build(
        framework=framework,
        version=row["version"],
        variant=f"conda-forge-{name}",
        platform=platform,
        pythons=tuple(sorted(row["python"].split(), key=natural)),
        cuda=cuda,
        cudnn=(row["ci_cudnn"].split("|")[0] or None) if cuda else None,
        sass=architectures(row["arch_list"]) if cuda else (),
        ptx=architectures(row["arch_list"], "compute") if cuda else (),
        glibc=max(oldest, key=natural) or None,
        cpu=("avx",) if avx else (),
        via="conda",
        channel="conda-forge",
        package=package if package != framework else None,
        build_string=f"{name}*" if told_apart else None,
        kind="announced",
        evidence=short(row["source"]) + ("" if cuda else _STRINGS_SEEN[package][1] * told_apart),
        checked=facts.gathered,
    )


def _default(facts: Facts, row: dict[str, str]) -> Build:
    cuda = _VERSION.findall(row["cuda_spec"])[0]
    cudnn = _VERSION.findall(row["cudnn"])
    # Where later builds added architectures, only what every build has can be counted on.
    first = row["compute_archs"].split(" then ")[0]
    return Build(
        framework="tensorflow-gpu",
        provides="tensorflow",
        version=row["version"],
        variant=f"defaults-cuda{cuda.replace('.', '')}",
        platform=_OURS,
        pythons=tuple(_VERSION.findall(row["python"])),
        cuda=cuda,
        cudnn=cudnn[0] if cudnn else None,
        sass=architectures(first),
        cpu=("avx",) if needs_avx(facts, row["version"]) else (),
        via="conda",
        channel="defaults",
        kind="announced",
        evidence=short(row["source"]),
        checked=facts.gathered,
    )
