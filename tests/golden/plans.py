"""Plans written by hand, so that the resolver cannot move them.

Versions and architectures are from the facts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec

from provisioner.machine import Machine
from provisioner.plan import Constraint, DriverPlan, HostCompiler, Pin, Plan, Request, Serve
from provisioner.recipes import steps_for
from tests.golden.made_catalog import catalog
from tests.golden.parts import (
    ADA,
    AMPERE,
    CU126,
    HOSTILE,
    KEPLER,
    NAVI,
    PASCAL,
    PROTOBUF_CAP,
    ROCM72,
    TENSORFLOW,
    TENSORFLOW_CPU,
    TORCH_CU126,
    TURING,
    machine,
)


def _plan(
    where: Machine,
    request: str,
    pins: tuple[Pin, ...],
    driver: DriverPlan,
    *,
    companions: tuple[str, ...] = (),
    **more: object,
) -> Plan:
    values: dict[str, object] = {
        "machine": where,
        "request": Request(requirements=(request,), companions=companions),
        "via": "pip",
        "python": "3.12",
        "accelerator": "cuda",
        "cuda": next((pin.cuda for pin in pins if pin.cuda), None),
        "cudnn": next((pin.cudnn for pin in pins if pin.cudnn), None),
        "driver": driver,
        "pins": pins,
    }
    made: Plan = msgspec.convert({**values, **more}, Plan, strict=False)
    return with_steps(made)


def with_steps(made: Plan) -> Plan:
    """The plan with the steps that recipes give it."""
    return msgspec.structs.replace(made, steps=steps_for(made, catalog()))


def torch_keep() -> Plan:
    """Torch from PyTorch's own index, on a driver that stays."""
    return _plan(
        machine("ubuntu-22.04", (TURING,), "550.163.01"),
        "torch",
        (
            TORCH_CU126,
            Pin(
                name="torchvision",
                version="0.29.1",
                variant="cu126",
                index=CU126,
                requirement="torchvision==0.29.1+cu126",
                evidence="announced",
            ),
        ),
        DriverPlan(action="keep", current="550.163.01", minimum="525.60.13", branch="550"),
        python="3.10",
        companions=("transformers>=4.40",),
    )


def tensorflow_keep() -> Plan:
    """TensorFlow for two GPUs, with a Python that is not the system's."""
    return _plan(
        machine("ubuntu-22.04", (AMPERE, AMPERE), "535.183.01"),
        "tensorflow>=2.15",
        (
            TENSORFLOW,
            Pin(
                name="nvidia-cudnn-cu12",
                version="9.10.2.21",
                requirement="nvidia-cudnn-cu12==9.10.2.21",
            ),
        ),
        DriverPlan(action="keep", current="535.183.01", minimum="525.60.13", branch="535"),
        disk_bytes=7_000_000_000,
    )


def cuda_dev() -> Plan:
    """CUDA's compiler on a machine without a GPU, with an older g++ than the system's."""
    cuda = {"nvidia-cuda-cccl": "13.3.4.3.1", "nvidia-cuda-runtime": "13.4.92"}
    cuda |= {"nvidia-cuda-crt": "13.4.92", "nvidia-nvvm": "13.4.92"}
    return _plan(
        machine("debian-12"),
        "nvcc",
        (
            Pin(
                name="nvcc",
                version="13.4.92",
                cuda="13.4",
                requirement="nvidia-cuda-nvcc==13.4.92",
            ),
            *(
                Pin(name=name, version=version, requirement=f"{name}=={version}")
                for name, version in cuda.items()
            ),
        ),
        DriverPlan(action="none"),
        python="3.11",
        accelerator="cpu",
        cuda=None,
        host_compiler=HostCompiler(program="g++-11", newest="11", package="g++-11"),
    )


def driver_install() -> Plan:
    """No driver yet: the open modules of branch 580."""
    return _plan(
        machine("ubuntu-24.04", (ADA,)),
        "torch",
        (
            msgspec.structs.replace(
                TORCH_CU126, index=None, variant="default", requirement="torch==2.14.1"
            ),
        ),
        DriverPlan(action="install", minimum="525.60.13", branch="580", flavour="open"),
    )


def driver_repository() -> Plan:
    """Debian has no driver new enough: NVIDIA's own repository has."""
    return _plan(
        machine("debian-12", (ADA,)),
        "torch",
        (
            msgspec.structs.replace(
                TORCH_CU126, index=None, variant="default", requirement="torch==2.14.1"
            ),
        ),
        DriverPlan(action="install", minimum="525.60.13", branch="580", flavour="open"),
        python="3.11",
    )


def driver_elsewhere(system: str) -> Plan:
    """The same on a system of another family, whose own Python nothing is said of."""
    made = driver_repository()
    there = machine(system, made.machine.gpus)
    return with_steps(msgspec.structs.replace(made, machine=there, python="3.12"))


def driver_kepler() -> Plan:
    """A Kepler card: branch 470 is the last that drives it."""
    return _plan(
        machine("ubuntu-22.04", (KEPLER,)),
        "torch<2",
        (
            Pin(
                name="torch",
                version="1.12.1",
                cuda="10.2",
                cudnn="7.6",
                requirement="torch==1.12.1",
            ),
        ),
        DriverPlan(
            action="ensure",
            minimum="440.33",
            branch="470",
            flavour="proprietary",
            package="nvidia-driver-470",
            last_branch="470",
        ),
        python="3.10",
        constraints=(Constraint("numpy<2", "_ARRAY_API not found", "torch 1.12.1"),),
    )


def wsl() -> Plan:
    """WSL2: the driver belongs to Windows."""
    return _plan(
        machine("ubuntu-24.04", (ADA,), wsl=True),
        "tensorflow",
        (TENSORFLOW,),
        DriverPlan(action="ensure", minimum="527.41"),
    )


def cpu() -> Plan:
    """The small one that really runs in the tests."""
    return _plan(
        machine("debian-12"),
        "tensorflow-cpu",
        (TENSORFLOW_CPU,),
        DriverPlan(action="none"),
        python="3.11",
        accelerator="cpu",
    )


def tf1_cpu() -> Plan:
    """TensorFlow 1 on the CPU, with the Python of its time."""
    return _plan(
        machine("debian-12"),
        "tensorflow==1.15.*",
        (Pin(name="tensorflow", version="1.15.5", requirement="tensorflow==1.15.5"),),
        DriverPlan(action="none"),
        python="3.7",
        accelerator="cpu",
        constraints=(PROTOBUF_CAP,),
    )


def rocm() -> Plan:
    """AMD's GPU: no step looks at NVIDIA's driver, and the index holds what torch needs."""
    return _plan(
        machine("ubuntu-24.04", (NAVI,)),
        "torch",
        (
            Pin(
                name="torch",
                version="2.11.0",
                variant="rocm7.2",
                index=ROCM72,
                index_holds_dependencies=True,
                serves=(Serve(NAVI.name, "gfx1100", "sass"),),
                requirement="torch==2.11.0+rocm7.2",
                evidence="announced",
            ),
            Pin(
                name="torchvision",
                version="0.26.0",
                variant="rocm7.2",
                index=ROCM72,
                index_holds_dependencies=True,
                requirement="torchvision==0.26.0+rocm7.2",
                evidence="announced",
            ),
        ),
        DriverPlan(action="none"),
        accelerator="rocm",
    )


def tf1_conda() -> Plan:
    """TensorFlow 1 as a wheel on conda's CUDA 10.0."""
    return _plan(
        machine("ubuntu-22.04", (PASCAL,), "470.256.02"),
        "tensorflow==1.15.*",
        (
            Pin(
                name="tensorflow-gpu",
                version="1.15.5",
                cuda="10.0",
                cudnn="7.6",
                requirement="tensorflow-gpu==1.15.5",
            ),
            Pin(
                name="cudatoolkit",
                version="10.0.130",
                requirement="cudatoolkit=10.0.130",
                channel="conda-forge",
                evidence="announced",
            ),
            Pin(
                name="cudnn",
                version="7.6.5",
                requirement="cudnn=7.6.5",
                channel="conda-forge",
                evidence="announced",
            ),
        ),
        DriverPlan(action="keep", current="470.256.02", minimum="410.48", branch="470"),
        via="conda",
        python="3.7",
        constraints=(PROTOBUF_CAP,),
    )


def tf1_image(companions: tuple[str, ...] = ("pandas<1.2",)) -> Plan:
    """TensorFlow 1 in the image that its makers published."""
    return _plan(
        machine("ubuntu-24.04", (PASCAL,)),
        "tensorflow==1.15.*",
        (Pin(name="tensorflow-gpu", version="1.15.5", cuda="10.0", cudnn="7.6"),),
        DriverPlan(action="ensure", minimum="410.48", branch="580", flavour="proprietary"),
        companions=companions,
        via="container",
        python="3.6",
        image="docker.io/tensorflow/tensorflow:1.15.5-gpu-py3",
        constraints=(PROTOBUF_CAP,),
    )


def hostile() -> Plan:
    """What users write must stay words."""
    return msgspec.structs.replace(
        with_steps(
            msgspec.structs.replace(
                cpu(), request=Request(requirements=("tensorflow-cpu",), companions=HOSTILE)
            )
        )
    )


PLANS: dict[str, Callable[[], Plan]] = {
    "torch-cu126-ubuntu-22.04-keep": torch_keep,
    "tensorflow-2.21-ubuntu-22.04-keep": tensorflow_keep,
    "torch-ubuntu-24.04-driver-580-open": driver_install,
    "torch-debian-12-nvidia-repository": driver_repository,
    "torch-rocky-9-driver-580-open": partial(driver_elsewhere, "rocky-9"),
    "torch-opensuse-leap-15.6-driver-580-open": partial(driver_elsewhere, "opensuse-leap-15.6"),
    "torch-kepler-ubuntu-22.04-driver-470": driver_kepler,
    "tensorflow-ubuntu-24.04-wsl2": wsl,
    "tensorflow-cpu-debian-12": cpu,
    "torch-rocm-ubuntu-24.04": rocm,
    "cuda-dev-debian-12": cuda_dev,
    "tensorflow-1.15-conda": tf1_conda,
    "tensorflow-1.15-image": tf1_image,
    "hostile-companions": hostile,
}
"""Every plan that has golden files, by the name of its folder."""
