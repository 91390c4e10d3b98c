"""CUDA libraries as wheels: cuDNN with what its binaries hold, nvcc with what it compiles for."""

from __future__ import annotations

from provisioner.catalog.rows import Library, PerSystem
from provisioner.upkeep.facts.table import Facts, architectures, as_ptx
from provisioner.version import is_dotted, minor


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
        floor, matrix = driver_floor(facts, row["cudnn_version_h"], row["cuda_major"])
        evidence = (
            f"{binary['source']}: {binary['scanned_members']}"
            if binary
            else f"{row['source']}: METADATA, binaries not read"
        )
        found.append(
            Library(
                package=row["package"],
                version=row["wheel_version"],
                cuda=row["cuda_major"],
                sass=architectures(binary["sass"]) if binary else (),
                ptx=as_ptx(binary["ptx"]) if binary else (),
                driver_floor=floor,
                kind="measured",
                evidence=f"{evidence}; driver: {matrix}" if matrix else evidence,
                checked=facts.gathered,
            )
        )
    return found


def driver_floor(facts: Facts, version: str, major: str) -> tuple[PerSystem | None, str]:
    """The driver that the support matrix asks for, and where it says so.

    Lines for one GPU generation only are left out: that floor is the architecture's.
    """
    for row in facts.rows("05_cudnn_matrix"):
        if version not in _releases(row["cudnn"]) or "(" in row["cuda"]:
            continue
        columns = (row["cuda"], row["min_driver_linux"], row["min_driver_windows"])
        for cuda, linux, windows in zip(*(text.split(" / ") for text in columns), strict=False):
            if cuda.startswith(f"{major}.") and is_dotted(linux):
                floor = PerSystem(linux, windows if is_dotted(windows) else None)
                return floor, row["source"]
    return None, ""


def _releases(text: str) -> set[str]:
    """The releases in ``9.5.0-9.5.1``: a range runs over the last number."""
    first, _, last = text.partition("-")
    if not is_dotted(first) or not is_dotted(last or first):
        return set()
    stem, _, low = first.rpartition(".")
    high = (last or first).rpartition(".")[2]
    return {f"{stem}.{number}" for number in range(int(low), int(high) + 1)}


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
