"""Plans written by hand, so that the resolver cannot move them.

Versions and architectures are from the facts.
"""

from __future__ import annotations

import msgspec

from provisioner.machine import Driver, Gpu, Machine, OperatingSystem
from provisioner.plan import Constraint, DriverPlan, HostCompiler, Pin, Plan, Request, Serve
from provisioner.recipes import steps_for
from provisioner.render import FORMATS
from tests.golden.made_catalog import catalog

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


def driver_with_dnf() -> Plan:
    """Red Hat's family: NVIDIA's repository, whose module stream keeps the branch."""
    made = driver_repository()
    return with_steps(
        msgspec.structs.replace(made, machine=machine("rocky-9", (ADA,)), python="3.12")
    )


def driver_with_zypper() -> Plan:
    """SUSE's family: the driver and its libraries in one version."""
    made = driver_repository()
    return with_steps(
        msgspec.structs.replace(made, machine=machine("opensuse-leap-15.6", (ADA,)), python="3.12")
    )


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


def driver_nvswitch() -> Plan:
    """Eight GPUs that may sit beside NVSwitches: the fabric manager goes with the driver."""
    return _plan(
        machine("ubuntu-24.04", (HGX,) * 8),
        "torch",
        (
            msgspec.structs.replace(
                TORCH_CU126, index=None, variant="default", requirement="torch==2.14.1"
            ),
        ),
        DriverPlan(
            action="ensure",
            minimum="525.60.13",
            branch="580",
            flavour="open",
            package="nvidia-driver-580-server-open",
        ),
    )


def container_toolkit() -> Plan:
    """The machine alone is made ready for containers; nothing goes into an environment."""
    plan = _plan(
        machine("ubuntu-24.04", (ADA,)),
        "torch",
        (),
        DriverPlan(
            action="ensure",
            minimum="525.60.13",
            branch="580",
            flavour="open",
            package="nvidia-driver-580-open",
        ),
    )
    request = Request(requirements=(), host=("nvidia-container-toolkit",))
    return with_steps(msgspec.structs.replace(plan, request=request))


def container_toolkit_wsl() -> Plan:
    """The toolkit inside WSL2, where the driver is Windows' own."""
    plan = _plan(
        machine("ubuntu-24.04", (ADA,), wsl=True),
        "torch",
        (),
        DriverPlan(action="ensure", minimum="527.41"),
    )
    request = Request(requirements=(), host=("nvidia-container-toolkit",))
    return with_steps(msgspec.structs.replace(plan, request=request))


HOSTILE = (
    "evil @ file:///tmp/$(touch${IFS}/tmp/pwned)/it's.whl",
    "back`id`tick @ https://example.org/a'b\"c.whl ; python_version > '3'",
    "percent%sign @ https://example.org/#{% raw %}{{ 7*7 }}",
)
"""Texts that are or look like requirements, and that no syntax may read as its own."""


def hostile() -> Plan:
    """What users write must stay words."""
    return msgspec.structs.replace(
        with_steps(
            msgspec.structs.replace(
                cpu(), request=Request(requirements=("tensorflow-cpu",), companions=HOSTILE)
            )
        )
    )


PLANS = {
    "torch-cu126-ubuntu-22.04-keep": torch_keep,
    "tensorflow-2.21-ubuntu-22.04-keep": tensorflow_keep,
    "torch-ubuntu-24.04-driver-580-open": driver_install,
    "torch-debian-12-nvidia-repository": driver_repository,
    "torch-rocky-9-driver-580-open": driver_with_dnf,
    "torch-opensuse-leap-15.6-driver-580-open": driver_with_zypper,
    "torch-kepler-ubuntu-22.04-driver-470": driver_kepler,
    "tensorflow-ubuntu-24.04-wsl2": wsl,
    "tensorflow-cpu-debian-12": cpu,
    "torch-rocm-ubuntu-24.04": rocm,
    "cuda-dev-debian-12": cuda_dev,
    "torch-a100-ubuntu-24.04-nvswitch": driver_nvswitch,
    "tensorflow-1.15-conda": tf1_conda,
    "tensorflow-1.15-image": tf1_image,
    "hostile-companions": hostile,
}
"""Every plan that has golden files, by the name of its folder."""

HOST_PLANS = {
    "container-toolkit-ubuntu-24.04": container_toolkit,
    "container-toolkit-ubuntu-24.04-wsl2": container_toolkit_wsl,
}
"""Plans for the machine itself, which only a script can carry."""

SEVERAL = {"tensorflow-1-beside-2": (tf1_conda, tensorflow_keep)}
"""Plans that go into one output, by the name of its folder."""

CANNOT = frozenset({("hostile-companions", "pixi")})
"""Plan and format that do not go together: pixi knows packages by name, and these have none."""

_ONCE = {"cloud-init": "torch-ubuntu-24.04-driver-580-open"}
"""Formats that hold another's text whole: one plan shows them."""


def carried(name: str) -> tuple[str, ...]:
    """The formats that a plan has golden files in."""
    plan = PLANS[name]()
    links = any(step.id == "toolkit" for step in plan.steps)
    return tuple(
        row.name
        for row in FORMATS.values()
        if plan.via in row.carries
        and (row.links or not links)
        and not row.compiles  # what only compiles with a plan has tests of its own
        and (name, row.name) not in CANNOT
        and _ONCE.get(row.name, name) == name
    )
