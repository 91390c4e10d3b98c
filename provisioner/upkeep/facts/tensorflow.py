"""TensorFlow's wheels on the default index: ``tensorflow`` and ``tensorflow-gpu``."""

from __future__ import annotations

import re

from provisioner.catalog.rows import Build
from provisioner.catalog.sheets import natural
from provisioner.upkeep.facts.table import Facts, architectures, as_ptx, glibc, pythons, short
from provisioner.version import minor

EXTRA = "and-cuda"
_GPU_PACKAGE = "tensorflow-gpu"
_FIRST_WITH_AVX = "1.6"
_AVX_BY_MISTAKE = "1.5.1"
"""Both: tensorflow/tensorflow issues 19584 and 18013, as 07_tensorflow_notes.csv has them."""
_ALL_PTX_SOURCE = "NVIDIA/tensorflow@v1.15.5 crosstool wrapper l.209: every capability also as PTX"


def wheels(facts: Facts, package: str) -> list[Build]:
    """The measured builds of one package on Linux x86_64, CUDA and CPU ones alike.

    A GPU wheel whose CUDA nobody read or documented is left out: it could not be told from a
    CPU build.
    """
    listed = [row for row in facts.rows("07_tensorflow_wheels") if row["package"] == package]
    built = [_build(facts, row) for row in listed]
    return [build for build in built if build.cuda or package != _GPU_PACKAGE]


def needs_avx(version: str) -> bool:
    """Whether the wheels of a release need AVX."""
    return natural(version) >= natural(_FIRST_WITH_AVX) or version == _AVX_BY_MISTAKE


def _build(facts: Facts, row: dict[str, str]) -> Build:
    package, version = row["package"], row["version"]
    cuda, cuda_source = _cuda(facts, row)
    ptx, ptx_source = _ptx(facts, row) if cuda else ((), "")
    with_extra = bool(cuda) and f"extra=={EXTRA!r}" in row["nvidia_requires"].replace('"', "'")
    proof = [f"{row['source']}: build_info.py, cuda_config.h, METADATA", cuda_source, ptx_source]
    return Build(
        framework=package,
        provides="tensorflow" if package != "tensorflow" else None,
        version=version,
        platform="linux-x86_64",
        pythons=pythons(row["python_tags_linux_x86_64"]),
        cuda=cuda,
        cudnn=_cudnn(facts, row) if cuda else None,
        sass=architectures(row["sass_archs"]) if cuda else (),
        ptx=ptx,
        requires=_requires(row["nvidia_requires"]) if cuda else (),
        glibc=glibc(row["source"]),
        cpu=("avx",) if needs_avx(version) else (),
        extra=EXTRA if with_extra else None,
        libraries="system" if cuda and not with_extra else "bundled",
        download_bytes=int(row["wheel_size"]) if row["wheel_size"] else None,
        kind="measured",
        evidence="; ".join(filter(None, proof)),
        checked=facts.gathered,
    )


def _cuda(facts: Facts, row: dict[str, str]) -> tuple[str | None, str]:
    """The CUDA minor of a wheel; where the wheel does not say, what the documents tested."""
    # Before 1.4 the wheel does not say what it is, and its name does.
    if row["is_cuda_build"] != "True" and row["package"] != _GPU_PACKAGE:
        return None, ""
    if row["cuda_from_cuda_config_h"]:
        return minor(row["cuda_from_cuda_config_h"]), ""
    tested = _tested(facts, row)
    if not tested:
        return None, ""
    stated = tested["cuda"]
    version = stated if "." in stated else f"{stated}.0"
    return version, f"CUDA: {short(tested['source'])}"


def _cudnn(facts: Facts, row: dict[str, str]) -> str | None:
    """cuDNN to its minor: the pin, else the documents where they agree with the wheel's major."""
    if match := re.search(r"nvidia-cudnn-cu\d+\(?==([\d.]+)", row["nvidia_requires"]):
        return match[1]
    if match := re.search(r"nvidia-cudnn-cu\d+[^;]*>=([\d.]+)", row["nvidia_requires"]):
        return minor(match[1])
    tested = _tested(facts, row)
    stated = row["cudnn"]
    if tested and (not stated or tested["cudnn"].split(".")[0] == stated):
        return tested["cudnn"]
    return stated or None


def _tested(facts: Facts, row: dict[str, str]) -> dict[str, str] | None:
    """The documents' line for this minor release with CUDA."""
    for line in facts.rows("07_tensorflow_docs_tested"):
        name, _, version = line["package"].replace("_", "-").rpartition("-")
        same = minor(version) == minor(row["version"]) and line["cuda"]
        if same and name in (row["package"], "tensorflow", "tensorflow-gpu"):
            return line
    return None


def _ptx(facts: Facts, row: dict[str, str]) -> tuple[tuple[str, ...], str]:
    if not row["ptx_archs"].startswith("unknown"):
        return architectures(row["ptx_archs"], "compute"), ""
    read = {r["version"]: r for r in facts.rows("07_tensorflow1_fatbin_archs")}
    if row["version"] in read:
        found = read[row["version"]]
        return as_ptx(found["ptx"]), f"PTX: fat binaries of {found['source']}"
    # Patch releases between two that were read, built by the same rule.
    series = [r for version, r in read.items() if minor(version) == minor(row["version"])]
    if series and architectures(series[-1]["sass"]) == architectures(row["sass_archs"]):
        return as_ptx(series[-1]["ptx"]), f"PTX: as {series[-1]['version']}; {_ALL_PTX_SOURCE}"
    return (), "PTX not known"


def _requires(text: str) -> tuple[str, ...]:
    """NVIDIA's wheels as PEP 508 without the extra's marker: ``nvidia-nccl-cu12==2.16.5``."""
    return tuple(
        word.split(";")[0].replace("(", "").replace(")", "") for word in text.split() if word
    )
