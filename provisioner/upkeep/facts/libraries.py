"""CUDA libraries as wheels: cuDNN with what its binaries hold, nvcc with what it compiles for."""

from __future__ import annotations

from provisioner.catalog.rows import Library
from provisioner.upkeep.facts.table import Facts, architectures, as_ptx
from provisioner.version import minor


def wheels(facts: Facts) -> list[Library]:
    """cuDNN for each CUDA major release, then the compiler of each minor release."""
    return _cudnn(facts) + _nvcc(facts)


def _cudnn(facts: Facts) -> list[Library]:
    read = {(r["package"], r["version"]): r for r in facts.rows("05_cudnn_fatbin_archs")}
    found = []
    for row in facts.rows("05_cudnn_wheels"):
        if "x86_64" not in row["platforms"].split():
            continue
        binary = read.get((row["package"], row["wheel_version"]))
        found.append(
            Library(
                package=row["package"],
                version=row["wheel_version"],
                cuda=row["cuda_major"],
                sass=architectures(binary["sass"]) if binary else (),
                ptx=as_ptx(binary["ptx"]) if binary else (),
                kind="measured",
                evidence=f"{binary['source']}: {binary['scanned_members']}"
                if binary
                else f"{row['source']}: METADATA, binaries not read",
                checked=facts.gathered,
            )
        )
    return found


def _nvcc(facts: Facts) -> list[Library]:
    return [
        Library(
            package=row["source"].split("-")[0].replace("_", "-"),
            version=row["nvcc_version"],
            cuda=minor(row["nvcc_version"]),
            sass=architectures(row["sm_accepted"]),
            kind="measured",
            evidence=f"{row['source']}: targets that its ptxas accepted",
            checked=facts.gathered,
        )
        for row in facts.rows("02_ptxas_arch")
    ]
