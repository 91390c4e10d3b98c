"""What wheels do not say of themselves: TensorFlow's documents, and whom a companion pairs with."""

from __future__ import annotations

import re

from provisioner.catalog.upkeep_rows import Documented
from provisioner.upkeep.facts.avx import avx_notes
from provisioner.upkeep.facts.cudnn import driver_floor
from provisioner.upkeep.facts.table import Facts, short
from provisioner.version import minor

_TENSORFLOW = ("tensorflow", "tensorflow-gpu")
_COMPILER = re.compile(r"setup\.py nvcc>=([\d.]+)")
_PAIRED = re.compile(r"torch (?:>=)?(\d+\.\d+)")


def documented(facts: Facts) -> list[Documented]:
    """One row for each release, or range of releases, that a document speaks of."""
    return [*_tested(facts), *_avx(facts), *_paired(facts), *_sources(facts), *_floors(facts)]


def _tested(facts: Facts) -> list[Documented]:
    """CUDA and cuDNN that TensorFlow was tested with: its wheels give cuDNN's major at most."""
    found = {}
    for row in facts.rows("07_tensorflow_docs_tested"):
        release = minor(row["package"].rpartition("-")[2])
        if row["cuda"] and release not in found:
            found[release] = row
    return [
        Documented(
            framework=framework,
            versions=f"=={release}.*",
            # The documents name the major alone where there was one minor only.
            cuda=row["cuda"] if "." in row["cuda"] else f"{row['cuda']}.0",
            cudnn=row["cudnn"] or None,
            evidence=f"tested with: {short(row['source'])}",
            checked=facts.gathered,
        )
        for release, row in found.items()
        for framework in _TENSORFLOW
    ]


def _avx(facts: Facts) -> list[Documented]:
    specifiers, source = avx_notes(facts)
    return [
        Documented(
            framework=framework,
            versions=versions,
            machine="x86_64",
            cpu=("avx",),
            evidence=f"AVX: {source}",
            checked=facts.gathered,
        )
        for framework in (*_TENSORFLOW, "tensorflow-cpu")
        for versions in specifiers
        if versions
    ]


def _paired(facts: Facts) -> list[Documented]:
    """Releases whose METADATA names no torch, and the torch they were released with."""
    found = []
    for row in facts.rows("22_extensions"):
        if row["package"] != "torchcodec" or "not in METADATA" not in row["note"]:
            continue
        if match := _PAIRED.match(row["torch_binding"]):
            range_ = ">=" in row["torch_binding"]
            found.append(
                Documented(
                    framework=row["package"],
                    versions=f"=={row['version']}",
                    requires=(f"torch>={match[1]}" if range_ else f"torch=={match[1]}.*",),
                    evidence="torch: torchcodec's README table of releases",
                    checked=facts.gathered,
                )
            )
    return found


def _sources(facts: Facts) -> list[Documented]:
    """What building flash-attn needs: torch, and a compiler from the release its setup.py names."""
    found = []
    for row in facts.rows("22_extensions"):
        compiler = _COMPILER.search(row["cuda"])
        if row["package"] == "flash-attn" and compiler:
            found.append(
                Documented(
                    framework=row["package"],
                    versions=f"=={row['version']}",
                    requires=("torch", f"nvcc>={compiler[1]}"),
                    evidence="setup.py and PKG-INFO inside",
                    checked=facts.gathered,
                )
            )
    return found


def _floors(facts: Facts) -> list[Documented]:
    """The driver that cuDNN's support matrix asks for, by the wheel's version."""
    found = {}
    for row in facts.rows("05_cudnn_wheels"):
        floor, source = driver_floor(facts, row["cudnn_version_h"], row["cuda_major"])
        if floor:
            found[row["package"], row["wheel_version"]] = Documented(
                framework=row["package"],
                versions=f"=={row['wheel_version']}",
                driver_floor=floor,
                evidence=source,
                checked=facts.gathered,
            )
    return list(found.values())
