"""Conda's builds that no plan takes yet: other systems, builds not told apart, unread ones.

All is announced: what a feedstock's CI was asked to build, what a channel's page told to install.
An empty list of architectures means that nobody stated one.
"""

from __future__ import annotations

import re

from provisioner.catalog.rows import Build, Library
from provisioner.catalog.sheets import natural
from provisioner.upkeep.facts import conda
from provisioner.upkeep.facts.table import Facts, architectures, short

_OURS = {
    "linux-64": "linux-x86_64",
    "linux-aarch64": "linux-aarch64",
    "win-64": "windows-x86_64",
    "noarch": "noarch",
}
"""Conda's platforms → ours; ppc64le has none."""
_PLANNED = "linux-64"
_NONE = "none"
_PIN = re.compile(r"(?:pytorch-cuda=|cudatoolkit=|cuda)(\d+\.\d+)")
_DOUBTED = ("page says", "as 1.9.0")
"""The notes of releases for which two pages name two CUDA releases."""
_CPU_STRING = {"pytorch": "cpu*"}
"""How a package's builds without CUDA are told apart, where the rules of the channel say it."""
_CUDA = re.compile(r"\d+\.\d+")
_ONE_RELEASE = re.compile(r"\d+(\.\d+)+")
_LIST = re.compile(r"\d\.\d( \d+\.\d)*")
_NEVER_SEEN = "recipe branch only"
_CHANNELS = ("pytorch", "pytorch-lts")
_LIBRARIES = ("cudatoolkit", "cudnn", "nccl", "cuda-version")
_PLANNED_LIBRARIES = ("cudatoolkit", "cudnn")


def conda_forge(facts: Facts, package: str, framework: str) -> list[Build]:
    """conda-forge's builds of a package, all but those that ``conda.conda_forge`` gives."""
    return [
        _conda_forge(facts, row, framework)
        for row in facts.rows("14_conda_forge_builds")
        if row["package"] == package and not conda.is_planned(facts, row)
    ]


def every_conda_forge(facts: Facts, package: str) -> list[Build]:
    """conda-forge's builds of a package that nobody chooses."""
    rows = facts.rows("14_conda_forge_builds")
    return [_conda_forge(facts, row, package) for row in rows if row["package"] == package]


def pytorch_channel(facts: Facts) -> list[Build]:
    """The channel that PyTorch's own pages told to install from, up to 2.5.1.

    Which Pythons and which GPUs these builds are for was read nowhere. Releases for which two pages
    name two CUDA releases are left out.
    """
    found: dict[tuple[str, str, str], Build] = {}
    for row in facts.rows("15_conda_legacy"):
        match = _PIN.fullmatch(row["cuda_spec"])
        if row["channel"] not in _CHANNELS or row["package"] != "pytorch" or match is None:
            continue
        if row["status_or_note"].startswith(_DOUBTED):
            continue
        for platform in row["platforms"].split():
            # The page of the files comes last, and says more than the page of the commands.
            found[row["version"], platform, match[1]] = _channel(facts, row, match[1], platform)
    return list(found.values())


def defaults(facts: Facts, framework: str) -> list[Build]:
    """The defaults channel's builds with one CUDA release, but for what ``conda.defaults`` gives.

    ``framework`` is ``torch`` or ``tensorflow-gpu``.
    """
    package = "pytorch" if framework == "torch" else framework
    return [
        _default(facts, row, framework, cuda[0], platform)
        for row in facts.rows("15_conda_legacy")
        if row["channel"] == "defaults"
        and row["package"].split(" ")[0] == package
        and _ONE_RELEASE.fullmatch(row["version"])
        and not row["status_or_note"].startswith(_NEVER_SEEN)
        and len(cuda := _CUDA.findall(row["cuda_spec"])) == 1
        for platform in row["platforms"].split()
        if platform in _OURS and not (platform == _PLANNED and conda.is_planned_default(row))
    ]


def libraries(facts: Facts) -> list[Library]:
    """conda-forge's CUDA libraries for other systems, NCCL and the version's metapackage."""
    return [
        Library(
            package=row["package"],
            version=row["version"],
            via="conda",
            channel="conda-forge",
            platform=_OURS[platform],
            cuda=cuda,
            kind="announced",
            evidence=short(row["source"]),
            checked=facts.gathered,
        )
        for row in facts.rows("14_conda_forge_builds")
        if row["package"] in _LIBRARIES
        for platform in row["platform"].split()
        if platform in _OURS and not (platform == _PLANNED and row["package"] in _PLANNED_LIBRARIES)
        for cuda in row["cuda"].split()
    ]


def _conda_forge(facts: Facts, row: dict[str, str], framework: str) -> Build:
    cuda = None if row["cuda"] == _NONE else row["cuda"]
    name = f"cuda{cuda.replace('.', '')}" if cuda else "cpu"
    # From 2.10 on one version has two builds for aarch64, told apart by a package beside it only.
    board = f"-{row['arm_variant']}" if row["arm_variant"] else ""
    package = row["package"]
    return Build(
        framework=framework,
        version=row["version"],
        variant=f"conda-forge-{name}{board}",
        platform=_OURS[row["platform"]],
        pythons=tuple(sorted(row["python"].split(), key=natural)),
        cuda=cuda,
        cudnn=_cudnn(row) if cuda else None,
        sass=architectures(row["arch_list"]) if cuda else (),
        ptx=architectures(row["arch_list"], "compute") if cuda else (),
        glibc=max(row["glibc_min"].split("|"), key=natural) or None,
        via="conda",
        channel="conda-forge",
        package=package if package != framework else None,
        build_string=f"{name}*" if cuda else _CPU_STRING.get(package),
        kind="announced",
        evidence=short(row["source"]) + ("; architectures not known" * _is_unread(row, cuda)),
        checked=facts.gathered,
    )


def _cudnn(row: dict[str, str]) -> str | None:
    first = row["ci_cudnn"].split("|")[0]
    return first if first[:1].isdigit() else None


def _default(facts: Facts, row: dict[str, str], framework: str, cuda: str, platform: str) -> Build:
    stated = row["compute_archs"].split(" then ")[0]
    known = bool(_LIST.fullmatch(stated))
    cudnn = _CUDA.findall(row["cudnn"])
    return Build(
        framework=framework,
        provides="tensorflow" if framework == "tensorflow-gpu" else None,
        version=row["version"],
        variant=f"defaults-cuda{cuda.replace('.', '')}",
        platform=_OURS[platform],
        pythons=tuple(_CUDA.findall(row["python"])),
        cuda=cuda,
        cudnn=cudnn[0] if cudnn else None,
        sass=architectures(stated) if known else (),
        via="conda",
        channel="defaults",
        package="pytorch" if framework == "torch" else None,
        kind="announced",
        evidence=short(row["source"]) + ("" if known else "; architectures not known"),
        checked=facts.gathered,
    )


def _is_unread(row: dict[str, str], cuda: str | None) -> bool:
    return cuda is not None and not row["arch_list"]


def _channel(facts: Facts, row: dict[str, str], cuda: str, platform: str) -> Build:
    linux = platform == _PLANNED
    return Build(
        framework="torch",
        version=row["version"],
        variant=f"{row['channel']}-cuda{cuda.replace('.', '')}",
        platform=_OURS[platform],
        cuda=cuda,
        cudnn=row["cudnn"] or None if linux else None,
        via="conda",
        channel=row["channel"],
        package="pytorch",
        build_string=f"*_cuda{cuda}_*" if row["build_string"] else None,
        kind="announced",
        evidence=f"{short(row['source'])}; architectures not known",
        checked=facts.gathered,
    )
