"""TensorFlow 1.15 by GPU generation: which of the five builds serves, from which driver."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from packaging.version import InvalidVersion, Version

from . import rules
from .factsheet import Capability, capabilities, rows, tensorflow_builds

CONDA_1_15_0 = capabilities("3.0 3.5 5.2 6.0 6.1 7.0 7.5")
CONDA_PYTHONS = frozenset({"2.7", "3.6", "3.7"})
NVIDIA_FIRST_MONTH = {(8, 0): "20.06", (8, 6): "20.10", (8, 9): "22.10", (9, 0): "22.09"}
UPSTREAM_IMAGE = re.compile(
    r"(?:docker\.io/)?tensorflow/tensorflow:(1\.15\.\d)-gpu(-py3)?(?:-jupyter)?"
)
NVIDIA_IMAGE = re.compile(r"nvcr\.io/nvidia/tensorflow:(\d\d\.\d\d)-tf1-py3")


class Route(NamedTuple):
    """One TensorFlow 1 build as the plan names it: where it runs and what it needs."""

    name: str
    pythons: frozenset[str]
    minimum: Version | None
    """None: it does not serve every GPU of the machine."""


def from_image(image: str, gpus: list[Capability], windows: bool) -> Route | None:
    """The route of an image tag; None for a tag that the facts do not know."""
    upstream = UPSTREAM_IMAGE.fullmatch(image)
    if upstream and any(upstream[0].split(":")[1] in r["tag"].split(", ") for r in _images()):
        return Route(image, frozenset({"3.6"}), wheel_minimum(upstream[1], gpus, windows))
    month = NVIDIA_IMAGE.fullmatch(image)
    return nvidia(month[1], gpus) if month and month[1] in _months() else None


def from_pin(name: str, version: str, gpus: list[Capability], conda: bool) -> Route | None:
    """The route of a pin; None where no row of the facts has it."""
    if name == "nvidia-tensorflow":
        found = re.search(r"\+nv(\d+)\.(\d+)$", version)
        month = f"{int(found[1]):02}.{int(found[2]):02}" if found else ""
        return nvidia(month, gpus) if month in _branches() else None
    if conda and version == "1.15.0" and conda_serves(gpus):
        return Route(f"conda {version}", CONDA_PYTHONS, rules.floor("10.0", False))
    tags = {
        str(b.version): b.pythons for b in tensorflow_builds() if b.framework == "tensorflow-gpu"
    }
    if name not in ("tensorflow-gpu", "tensorflow") or version not in tags:
        return None
    if name == "tensorflow" and version != "1.15.0":
        return Route(f"{name} {version} (no GPU build)", tags[version], None)
    return Route(f"{name} {version}", tags[version], wheel_minimum(version, gpus, False))


def conda_serves(gpus: list[Capability]) -> bool:
    """Whether the conda channel's own 1.15.0 has machine code for every GPU."""
    return all(rules.by_sass(CONDA_1_15_0, gpu) and gpu < rules.AMPERE for gpu in gpus)


def wheel_minimum(version: str, gpus: list[Capability], windows: bool) -> Version | None:
    """The driver that the upstream wheel needs on these GPUs."""
    try:
        wanted = Version(version)
    except InvalidVersion:
        return None
    for build in tensorflow_builds():
        if build.framework == "tensorflow-gpu" and build.version == wanted:
            return rules.needed(build, gpus, windows)
    return None


def nvidia(month: str, gpus: list[Capability]) -> Route:
    """NVIDIA's builds: Pascal to Hopper, each generation from its own month on."""
    served = all(
        (6, 0) <= gpu < rules.BLACKWELL and gpu not in rules.TEGRA for gpu in gpus
    ) and all(month >= NVIDIA_FIRST_MONTH.get(gpu, "20.03") for gpu in gpus)
    later = min((m for m in _months() if m >= month), default=max(_months()))
    driver_min = min(re.findall(r"\d{3}(?:\.\d+)*", _months()[later]), key=Version)
    python = "3.6" if month < "20.12" or month == "21.02" else "3.8"
    pythons = frozenset({python, "3.6"} if month <= "22.09" else {python})  # cp36 seen up to 22.09
    return Route(f"NVIDIA {month}", pythons, Version(driver_min) if served else None)


def any_route(gpus: list[Capability]) -> bool:
    """Whether anything at all runs TensorFlow 1.15 on these GPUs."""
    upstream = wheel_minimum("1.15.5", gpus, False)
    return upstream is not None or conda_serves(gpus) or nvidia("23.03", gpus).minimum is not None


@cache
def _images() -> tuple[dict[str, str], ...]:
    return tuple(rows("16_tf1_images.csv"))


@cache
def _months() -> dict[str, str]:
    """Month of a published image → its lowest driver."""
    return {
        row["tag"][:5]: row["driver_min"]
        for row in _images()
        if row["image"] == "nvcr.io/nvidia/tensorflow"
    } | {"20.06": "450"}


@cache
def _branches() -> frozenset[str]:
    """Months with a pip build."""
    return frozenset(
        row["tag"][:5] for row in _images() if row["image"].startswith("nvidia-tensorflow")
    )
