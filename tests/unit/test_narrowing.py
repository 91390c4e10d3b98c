"""Where a verb works on this machine, options may leave GPUs of it out, and do nothing else."""

from __future__ import annotations

import pytest

from provisioner import resources
from provisioner.catalog.load import Catalog
from provisioner.describe import Options, described
from provisioner.errors import UsageError
from provisioner.machine import Driver, Gpu, Machine, OperatingSystem
from provisioner.plan import Warning

CATALOG = Catalog(resources.stacks())
NEW = Gpu(name="NVIDIA GeForce RTX 3090", compute_capability="8.6", uuid="GPU-1")
TWIN = Gpu(name="NVIDIA GeForce RTX 3090", compute_capability="8.6", uuid="GPU-2")
OLD = Gpu(name="NVIDIA GeForce GTX 1080 Ti", compute_capability="6.1", uuid="GPU-3")
LAPTOP = Gpu(name="NVIDIA GeForce RTX 3060 Laptop GPU", compute_capability="8.6", uuid="GPU-4")


def here() -> tuple[Machine, tuple[Warning, ...]]:
    machine = Machine(
        os=OperatingSystem(id="debian", version="12"),
        gpus=(OLD, NEW, TWIN, LAPTOP),
        driver=Driver(version="580.95.05"),
        sources={"gpus": "nvml", "driver": "nvml"},
    )
    return machine, ()


def kept(*words: str) -> list[str | None]:
    machine, _ = described(Options(gpus=words, narrow=True), CATALOG, here)
    assert machine.driver is not None
    assert machine.os.id == "debian"
    return [gpu.uuid for gpu in machine.gpus]


@pytest.mark.parametrize(
    ("words", "uuids"),
    [
        ((), ["GPU-3", "GPU-1", "GPU-2", "GPU-4"]),
        (("none",), []),
        (("RTX 3090",), ["GPU-1"]),
        (("RTX 3090", "rtx-3090"), ["GPU-1", "GPU-2"]),
        (("RTX 3090", "GTX 1080 Ti"), ["GPU-3", "GPU-1"]),
        (("RTX 3060 Laptop",), ["GPU-4"]),
        (("6.1",), ["GPU-3"]),
        (("sm_86", "8.6", "8.6"), ["GPU-1", "GPU-2", "GPU-4"]),
    ],
    ids=str,
)
def test_gpus_of_this_machine_may_be_named(words: tuple[str, ...], uuids: list[str]) -> None:
    assert kept(*words) == uuids


@pytest.mark.parametrize(
    "options",
    [
        Options(gpus=("RTX 4090",), narrow=True),
        Options(gpus=("GTX 1080 Ti", "GTX 1080 Ti"), narrow=True),
        Options(gpus=("RTX 3060",), narrow=True),
        Options(gpus=("9.0",), narrow=True),
        Options(gpus=("gfx1100",), narrow=True),
        Options(os="debian-12", narrow=True),
        Options(arch="x86_64", narrow=True),
        Options(driver="none", gpus=("none",), narrow=True),
        Options(machine_file="machine.json", narrow=True),
    ],
    ids=str,
)
def test_nothing_may_be_added_or_told_otherwise(options: Options) -> None:
    with pytest.raises(UsageError) as caught:
        described(options, CATALOG, here)

    assert caught.value.reference == "not-this-machine"
