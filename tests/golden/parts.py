"""What the plans beside it are put together from: machines, GPUs, pins of the tables of facts."""

from __future__ import annotations

from provisioner.machine import Driver, Gpu, Machine, OperatingSystem
from provisioner.plan import Constraint, Pin, Serve

CU126 = "https://download.pytorch.org/whl/cu126"
ROCM72 = "https://download.pytorch.org/whl/rocm7.2"


def machine(
    system: str, gpus: tuple[Gpu, ...] = (), driver: str | None = None, *, wsl: bool = False
) -> Machine:
    """A machine as ``--os``, ``--gpu`` and ``--driver`` describe it."""
    os_id, _, version = system.rpartition("-")
    return Machine(
        os=OperatingSystem(id=os_id, version=version, wsl=wsl),
        gpus=gpus,
        driver=Driver(version=driver) if driver else None,
        sources={"gpus": "option"},
    )


TURING = Gpu(name="NVIDIA GeForce RTX 2070 SUPER", compute_capability="7.5", architecture="Turing")
AMPERE = Gpu(name="NVIDIA GeForce RTX 3090", compute_capability="8.6", architecture="Ampere")
ADA = Gpu(name="NVIDIA GeForce RTX 4090", compute_capability="8.9", architecture="Ada")
NAVI = Gpu(name="Radeon RX 7900 XTX", vendor="amd", architecture="gfx1100", pci_id="1002:744c")
HGX = Gpu(name="NVIDIA A100-SXM4-80GB", compute_capability="8.0", architecture="Ampere")
KEPLER = Gpu(name="NVIDIA Tesla K80", compute_capability="3.7", architecture="Kepler")
PASCAL = Gpu(name="NVIDIA GeForce GTX 1080 Ti", compute_capability="6.1", architecture="Pascal")

TORCH_CU126 = Pin(
    name="torch",
    version="2.14.1",
    variant="cu126",
    index=CU126,
    cuda="12.6",
    cudnn="9.10.2.21",
    serves=(Serve(TURING.name, "sm_75", "sass"),),
    evidence="announced",
    requirement="torch==2.14.1+cu126",
)
TENSORFLOW = Pin(
    name="tensorflow",
    version="2.21.0",
    cuda="12.5",
    cudnn="9",
    requirement="tensorflow[and-cuda]==2.21.0",
)
TENSORFLOW_CPU = Pin(name="tensorflow-cpu", version="2.21.0", requirement="tensorflow-cpu==2.21.0")
PROTOBUF_CAP = Constraint(
    "protobuf<3.21", "Descriptors cannot be created directly", "tensorflow 1.15.5 on Python 3.7"
)

HOSTILE = (
    "evil @ file:///tmp/$(touch${IFS}/tmp/pwned)/it's.whl",
    "back`id`tick @ https://example.org/a'b\"c.whl ; python_version > '3'",
    "percent%sign @ https://example.org/#{% raw %}{{ 7*7 }}",
)
"""Texts that are or look like requirements, and that no syntax may read as its own."""
