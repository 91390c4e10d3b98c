"""Container images that no plan is built on yet: NVIDIA's months, PyTorch's own, plain CUDA.

Announced, all of it: NVIDIA's notes, lists of tags, and tags that public Dockerfiles use. What the
frameworks inside are compiled for was read nowhere; the notes name generations of GPUs only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from provisioner.catalog.rows import Build, Image
from provisioner.upkeep.facts.table import Facts, short
from provisioner.version import minor

_NGC = {
    "nvcr.io/nvidia/pytorch": ("torch", re.compile(r"(\d+\.\d+\.\d+(?:a0\+[0-9a-f]+)?)")),
    "nvcr.io/nvidia/tensorflow": ("tensorflow", re.compile(r"1\.15\.5 / (\d+\.\d+\.\d+)")),
    "nvcr.io/nvidia/jax": ("jax", re.compile(r"(\d+\.\d+\.\d+)")),
}
"""NVIDIA's images: the framework inside, and a cell that names one release of it."""
_NGC_TAG = re.compile(r"\d\d\.\d\d-(?:tf2-)?py3")
_DRIVER = re.compile(r"\d{3}(?:\.\d+)*")
_NOTHING = re.compile("(?!)")
_CUDA_MINOR = re.compile(r"\d+\.\d+")
_PYTHON = re.compile(r"\d\.\d+")
_PYTORCH = "pytorch/pytorch"
_SIGHTED = "tag sighted"
_PYTORCH_TAG = re.compile(r"(\d+\.\d+\.\d+)-cuda(\d+\.\d+)-cudnn\d+-runtime")
_CUDA = "nvidia/cuda"
_SUPPORTED = "supported"
_SYSTEM = re.compile(r"([a-z]+)([\d.]+)")
_OUR_NAMES = {"rockylinux": "rocky"}
_CUDNN = re.compile(r"libcudnn\d+(?:-cuda-\d+)?[-=](\d+(?:\.\d+)+)-")


def ngc(facts: Facts, framework: str) -> list[Build]:
    """NVIDIA's monthly images whose release, CUDA, Python and driver are known, without TF 1."""
    found = []
    for row in facts.rows("16_framework_images"):
        name, release = _NGC.get(row["image"], ("", _NOTHING))
        version = release.fullmatch(row["framework_version"])
        known = _PYTHON.fullmatch(row["python"]) and _DRIVER.fullmatch(row["driver_min"])
        if name == framework and version and known and row["cuda"][:1].isdigit():
            found += [_ngc(facts, row, framework, version[1], tag) for tag in _ngc_tags(row)]
    return found


def pytorch(facts: Facts, registry: str) -> list[Build]:
    """PyTorch's own images whose tags somebody uses; an inferred tag may not exist."""
    return [
        _pytorch(facts, row, match, f"{registry}/{_PYTORCH}:{tag}")
        for row in facts.rows("16_framework_images")
        if row["image"] == _PYTORCH and row["how_known"].startswith(_SIGHTED)
        for runtime in [row["tag"].split(",")[0]]
        if (match := _PYTORCH_TAG.fullmatch(runtime))
        for tag in (runtime, runtime.replace("-runtime", "-devel"))
    ]


def cuda(facts: Facts, registry: str, *, ended: bool = False) -> list[Image]:
    """NVIDIA's images with CUDA alone, those that its list calls supported; ``ended``: the others.

    Tags are deleted half a year after their end, so the others may be gone.
    """
    return [
        _cuda(facts, row, f"{registry}/{_CUDA}:{row['tag']}")
        for row in facts.rows("10_cuda_image_tags")
        if row["status"].startswith(_SUPPORTED) is not ended
    ]


def _ngc_tags(row: dict[str, str]) -> Iterator[str]:
    for tag in row["tag"].split(", "):
        if _NGC_TAG.fullmatch(tag):
            yield tag


def _ngc(facts: Facts, row: dict[str, str], framework: str, version: str, tag: str) -> Build:
    return Build(
        framework=framework,
        version=version,
        variant=f"ngc-{tag}",
        platform="linux-x86_64",
        pythons=(row["python"],),
        cuda=_CUDA_MINOR.findall(row["cuda"])[0],
        cudnn=row["cudnn"] or None,
        via="container",
        image=f"{row['image']}:{tag}",
        driver_floor=row["driver_min"],
        kind="announced",
        evidence=f"{short(row['source'])} ({row['how_known']}); architectures not known",
        checked=facts.gathered,
    )


def _pytorch(facts: Facts, row: dict[str, str], tag: re.Match[str], image: str) -> Build:
    return Build(
        framework="torch",
        version=tag[1],
        variant=image.split(":")[1],
        platform="linux-x86_64",
        cuda=tag[2],
        cudnn=row["cudnn"],
        via="container",
        image=image,
        kind="announced",
        evidence=f"{row['how_known']} {row['source'].strip()}; architectures not known",
        checked=facts.gathered,
    )


def _cuda(facts: Facts, row: dict[str, str], image: str) -> Image:
    cudnn, proof = None, ""
    if row["addon"].startswith("cudnn"):
        place = (row["cuda"], row["os"].replace(".", ""), row["flavour"])
        cudnn, proof = _cudnn_pins(facts).get(place, (None, ""))
    return Image(
        image=image,
        os=_system(row["os"]),
        cuda=minor(row["cuda"]),
        cudnn=cudnn,
        evidence=f"{row['source']}{proof}",
        checked=facts.gathered,
    )


@cache
def _cudnn_pins(facts: Facts) -> dict[tuple[str, str, str], tuple[str, str]]:
    """The cuDNN that the Dockerfile of a CUDA release, system and flavour installs."""
    found = {}
    for row in facts.rows("12_package_pins"):
        flavour, _, addon = row["flavour"].partition("/")
        match = _CUDNN.match(row["package_spec"])
        if addon.startswith("cudnn") and match:
            proof = f"; cuDNN: {row['source'].removeprefix('same mirror, ')}"
            found[row["cuda"], row["os"], flavour] = (match[1], proof)
    return found


def _system(name: str) -> str:
    match = _SYSTEM.fullmatch(name)
    return f"{_OUR_NAMES.get(match[1], match[1])}-{match[2]}" if match else name
