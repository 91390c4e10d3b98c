"""The questions of the sweep: what machines there are, and what is asked for on them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from tests.table.factsheet import rows

TEGRA = {"Jetson Nano": "5.3", "7.2": "7.2", "Jetson AGX Orin 64GB": "8.7", "11.0": "11.0"}
"""Parts that the GPU list lacks, with the capability that NVIDIA's guide gives them."""
ON_ARM = ("NVIDIA GH200 480GB", "NVIDIA GB200", "NVIDIA GB10", "NVIDIA L4", "NVIDIA RTX A6000")
BOXES = (
    ("Tesla K80", "NVIDIA GeForce GTX 1080 Ti"),
    ("Tesla K80", "Tesla V100-SXM2-32GB", "NVIDIA A30"),
    ("NVIDIA GeForce GTX 750 Ti", "NVIDIA GeForce RTX 3060"),
    ("NVIDIA GeForce GTX 980", "NVIDIA GeForce GTX 1080 Ti"),
    ("NVIDIA GeForce GTX 1080 Ti", "NVIDIA GeForce RTX 3090 Ti"),
    ("NVIDIA GeForce GTX 1080 Ti", "NVIDIA GeForce RTX 5090"),
    ("Tesla P100-PCIE-16GB", "Tesla V100-SXM2-32GB", "NVIDIA A100-SXM4-40GB"),
    ("Tesla V100-SXM2-32GB", "NVIDIA H100 PCIe"),
    ("NVIDIA TITAN V", "NVIDIA GeForce RTX 2080 Ti", "NVIDIA GeForce RTX 4090"),
    ("NVIDIA GeForce RTX 2060", "NVIDIA GeForce RTX 5050"),
    ("Tesla T4", "NVIDIA A10", "NVIDIA L40S"),
    ("NVIDIA GeForce RTX 3060", "NVIDIA GeForce RTX 3060"),
    ("NVIDIA A100-SXM4-40GB", "NVIDIA H100 PCIe", "NVIDIA B200"),
    ("NVIDIA GeForce RTX 3090 Ti", "NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX 5090"),
    ("NVIDIA H200", "NVIDIA B300 SXM6 AC"),
)
DRIVERS = (
    *(None, "none"),
    *("390.48", "396.26", "410.48", "418.39", "418.38", "430.14", "435.21", "440.33", "440.82"),
    *("450.36.06", "450.36.05", "450.80.02", "450.80.01", "455.32.00", "460.32.03", "465.19.01"),
    *("470.42.01", "470.256.02", "495.29.05", "510.39.01", "515.43.04", "520.61.05"),
    *("525.60.13", "525.60.12", "530.30.02", "535.54.03", "535.54.02", "545.23.06"),
    *("550.54.14", "555.42.02", "560.28.03", "560.28.02", "565.57.01", "570.124.06"),
    *("575.51.03", "580.65.06", "580.65.05", "580.95.05", "590.44.01", "595.45.04"),
    *("610.43.02", "615.71.09", "620.01"),
)
REQUESTS = (
    ("torch",),
    ("torchvision",),
    ("torchaudio",),
    ("tensorflow",),
    ("jax",),
    ("torch", "tensorflow"),
    ("torch", "jax"),
)
FEW_DRIVERS = (None, "none", "470.256.02", "525.60.13", "560.28.03", "580.95.05", "615.71.09")


class Question(NamedTuple):
    """One line of the sweep: the words, the GPUs by name, and the other options."""

    words: tuple[str, ...]
    gpus: tuple[str, ...]
    driver: str | None = None
    os: str = "ubuntu-24.04"
    arch: str = "x86_64"
    python: str | None = None

    @property
    def args(self) -> list[str]:
        """The words of the command line."""
        found = [*self.words]
        for gpu in self.gpus or ("none",):
            found += ["--gpu", gpu]
        told = {"driver": self.driver, "os": self.os, "arch": self.arch, "python": self.python}
        for name, value in told.items():
            found += [f"--{name}", value] if value else []
        return found

    @property
    def capabilities(self) -> list[str]:
        """The capability of each GPU."""
        return [CAPABILITIES[gpu] for gpu in self.gpus]


CAPABILITIES = {
    row["name"]: row["compute_capability"] for row in rows("09_gpus_of_the_sweep.csv")
} | TEGRA


def questions() -> Iterator[Question]:
    """All of them; each machine with all it is asked for, side by side."""
    machines = [*((name,) for name in CAPABILITIES), *BOXES]
    for gpus, driver, words in product(machines, DRIVERS, REQUESTS):
        yield Question(words, gpus, driver)
    for words, os, python in product(
        REQUESTS, ("ubuntu-22.04", "debian-12"), (None, "3.9", "3.11", "3.13")
    ):
        yield Question(words, (), os=os, python=python)
    some = [machines[place] for place in range(0, len(machines), 4)]
    for gpus, driver, words, os in product(
        some, FEW_DRIVERS, REQUESTS, ("ubuntu-22.04", "debian-12", "ubuntu-24.04-wsl2")
    ):
        if driver != "none" or "wsl" not in os:
            yield Question(words, gpus, driver, os)
    for gpus, driver, words, python in product(
        some, FEW_DRIVERS, REQUESTS, ("3.8", "3.10", "3.12", "3.14")
    ):
        yield Question(words, gpus, driver, python=python)
    arms = [*((name,) for name in (*ON_ARM, *TEGRA)), ("NVIDIA GH200 480GB", "NVIDIA GB200")]
    for gpus, driver, words in product(arms, DRIVERS, REQUESTS):
        yield Question(words, gpus, driver, arch="aarch64")
