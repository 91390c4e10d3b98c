"""Load the fact tables beside this file into plain values; no judgement is made here."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from packaging.specifiers import SpecifierSet
from packaging.version import Version

FACTS = Path(__file__).parent / "facts"
Capability = tuple[int, int]


class Build(NamedTuple):
    """One build of one framework: what its binaries hold and what they need."""

    framework: str
    version: Version
    variant: str
    platform: str
    pythons: frozenset[str]
    """``3.12``; ``any`` for a wheel without a Python ABI."""
    cuda: str | None
    """Major and minor, ``12.6``; None for a build without CUDA."""
    cudnn: str | None
    """Exact version where known, a range of ``nvidia-cudnn-cu12`` as ``>=a,<b``, or None."""
    sass: frozenset[Capability] | None
    """None: not known, so the build is never chosen for a GPU."""
    ptx: frozenset[Capability]
    measured: bool


class Companion(NamedTuple):
    """A torchvision or torchaudio release and the torch versions it was made for."""

    name: str
    version: Version
    torch: SpecifierSet
    pythons: frozenset[str]
    cuda: str | None = None
    """Of the default wheel, where the torch it names leaves that open."""


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one table."""
    with (FACTS / name).open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def capability(text: str) -> Capability:
    """``sm_86``, ``compute_90``, ``8.6``, ``120`` → (major, minor)."""
    digits = re.sub(r"\D", "", text.split("+", maxsplit=1)[0])
    return int(digits[:-1]), int(digits[-1])


def capabilities(text: str) -> frozenset[Capability]:
    """The set that a cell names, whatever its separators; words are ignored."""
    return frozenset(
        capability(word) for word in re.split(r"[\s;,]+", text) if re.search(r"\d", word)
    )


def pythons(tags: str) -> frozenset[str]:
    """``cp310 cp313`` → 3.10, 3.13."""
    return frozenset("any" if tag == "py3" else f"{tag[2]}.{tag[3:]}" for tag in tags.split())


def minor(cuda: str) -> str:
    """``12.6.3`` → ``12.6``."""
    return ".".join(cuda.split(".")[:2])


@cache
def torch_builds() -> tuple[Build, ...]:
    """Default wheels, the announced variants of their minors and the CPU builds."""
    found: list[Build] = []
    for row in rows("06_torch_default_wheels.csv"):
        default = _default_wheel(row)
        found.append(default)
        if default.platform == "x86_64" and default.version >= Version("1.2"):
            found.append(
                default._replace(
                    variant="cpu",
                    cuda=None,
                    cudnn=None,
                    sass=frozenset(),
                    ptx=frozenset(),
                    measured=False,
                )
            )
        found.extend(_variant(default, name, cudnn) for name, cudnn in _variants(default.version))
    return tuple(found)


def _default_wheel(row: dict[str, str]) -> Build:
    cuda = None if row["cuda_in_version_py"] == "cpu-only" else minor(row["cuda_in_version_py"])
    known = "sm_" in row["sass_archs"]
    return Build(
        "torch",
        Version(row["torch"]),
        "default",
        row["machine"],
        pythons(row["python_tags"]),
        cuda,
        row["cudnn_pin"] if cuda and re.match(r"\d", row["cudnn_pin"]) else None,
        capabilities(row["sass_archs"]) if known else None if cuda else frozenset(),
        capabilities(row["ptx_archs"]) if "compute_" in row["ptx_archs"] else frozenset(),
        True,
    )


def _variants(version: Version) -> list[tuple[str, str | None]]:
    """Variant names of a release's minor with the cuDNN announced for each."""
    for row in rows("06_torch_variants.csv"):
        if row["torch_minor"] != f"{version.major}.{version.minor}":
            continue
        found: list[tuple[str, str | None]] = []
        for cell in (row["stable_cuda_variants(cudnn)"], row["experimental_variants"]):
            words = (
                re.findall(r"(?<![\w-])cu(\d+)|\(([\d.]+)", cell) if "unknown" not in cell else []
            )
            for name, cudnn in words:
                if name:
                    found.append((f"cu{name}", None))
                else:  # a version in brackets counts for every name before it that has none
                    found = [(known, had or cudnn) for known, had in found]
        return found
    return []


def _variant(default: Build, name: str, cudnn: str | None) -> Build:
    cuda = f"{name[2:-1]}.{name[-1]}"
    lists: tuple[frozenset[Capability] | None, frozenset[Capability]]
    lists = (default.sass, default.ptx) if cuda == default.cuda else _announced(default, cuda, name)
    return default._replace(
        variant=name, cuda=cuda, cudnn=cudnn, sass=lists[0], ptx=lists[1], measured=False
    )


def _announced(
    default: Build, cuda: str, name: str
) -> tuple[frozenset[Capability] | None, frozenset[Capability]]:
    version, arch = default.version, default.platform
    short = f"{version.major}.{version.minor}"
    for row in rows("06_torch_release_matrix.csv"):
        if (row["torch"], row["cuda"]) == (short, cuda) and row["platform"].startswith(arch):
            ptx = capabilities("12.0") if row["ptx"].startswith("linux only") else frozenset()
            return capabilities(row["compute_caps"]), ptx
    for row in rows("06_torch_index_arch_reported.csv"):
        release = row["torch"].removesuffix(".x")
        same = (row["index"], row["platform"]) == (name, f"linux_{arch}")
        if same and release in (short, str(version)):
            return capabilities(row["sm"]), capabilities(row["ptx"])
    scripted = version < Version("2.6") and arch == "x86_64"
    return _scripted(version, cuda) if scripted else (None, frozenset())


def _scripted(
    version: Version, cuda: str
) -> tuple[frozenset[Capability] | None, frozenset[Capability]]:
    """What the build script said when the minor was first released."""
    dates = {row["version"]: row["first_upload"] for row in rows("06_release_dates.csv")}
    date = dates[f"{version.major}.{version.minor}.0"]
    words: list[str] | None = None
    for row in rows("06_torch_archlist_history.csv"):
        pattern = row["cuda"].replace(".", r"\.", 1)
        if row["date"] <= date and row["arch_list"] and re.fullmatch(pattern, cuda):
            words = row["arch_list"].split(";")
    if words is None:
        return None, frozenset()
    return capabilities(" ".join(words)), capabilities(" ".join(w for w in words if "PTX" in w))


@cache
def tensorflow_builds() -> tuple[Build, ...]:
    """Every ``tensorflow`` and ``tensorflow-gpu`` wheel from 1.15 on (linux, x86_64)."""
    found = []
    for row in rows("07_tensorflow_wheels.csv"):
        cuda = minor(row["cuda_from_cuda_config_h"]) if row["is_cuda_build"] == "True" else None
        found.append(
            Build(
                row["package"],
                Version(row["version"]),
                "default",
                "x86_64",
                pythons(row["python_tags_linux_x86_64"]),
                cuda,
                _pinned_cudnn(row["nvidia_requires"]),
                capabilities(row["sass_archs"]),
                capabilities(row["ptx_archs"]) if "compute_" in row["ptx_archs"] else frozenset(),
                True,
            )
        )
    return tuple(found)


@cache
def conda_builds() -> tuple[Build, ...]:
    """conda-forge's own CUDA builds of torch and TensorFlow whose codes are known."""
    found = []
    for row in rows("14_conda_forge_builds.csv"):
        words = re.split(r"[;,]", row["arch_list"])
        ptx = " ".join(w for w in words if "PTX" in w or "compute" in w)
        found.append(
            Build(
                {"pytorch": "torch"}.get(row["package"], row["package"]),
                Version(row["version"]),
                "conda-forge",
                "x86_64",
                frozenset(row["python"].split()),
                minor(row["cuda"]),
                row["ci_cudnn"].split("|")[0] or None,
                capabilities(" ".join(w for w in words if "compute" not in w)),
                capabilities(ptx),
                False,
            )
        )
    return tuple(found)


def _pinned_cudnn(requires: str) -> str | None:
    found = re.search(r"nvidia-cudnn-cu\d+\(?([^;)]+)", requires)
    return found[1].removeprefix("==") if found else None


@cache
def companions() -> tuple[Companion, ...]:
    """torchvision and torchaudio; torchaudio 2.11 carries no pin, its pairs were run."""
    cuda = {r["torchvision"]: r["cuda"] for r in rows("25_torchvision_cuda.csv")}
    run = {r["torchaudio"]: r["torch"] for r in rows("24_torchaudio_beside_torch.csv")}
    found = []
    for row in rows("06_torch_pairs.csv"):
        version = Version(row["version"])
        words = re.search(r"[<>=]=[\w.+]+", row["requires_torch"])
        spec = words[0].split("+")[0] if words else run[row["version"]]
        found.append(
            Companion(
                row["package"],
                version,
                SpecifierSet(spec),
                pythons(row["python_tags_linux_x86_64"]),
                cuda.get(row["version"]) if row["package"] == "torchvision" else None,
            )
        )
    return tuple(found)


@cache
def cudnn_archs() -> dict[str, tuple[frozenset[Capability], frozenset[Capability]]]:
    """``nvidia-cudnn-cu12 9.10.2.21`` → its SASS and PTX, read from the libraries."""
    return {
        f"{row['package']} {row['version']}": (capabilities(row["sass"]), capabilities(row["ptx"]))
        for row in rows("05_cudnn_fatbin_archs.csv")
    }
