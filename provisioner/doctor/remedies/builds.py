"""Builds and commands for a machine, asked of the resolver."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

import msgspec

from provisioner.doctor.patient import Patient
from provisioner.doctor.predicates.drivers import cuda_of
from provisioner.doctor.remedies.drivers import usual
from provisioner.machine import Cpu, Machine, OperatingSystem
from provisioner.plan import Plan
from provisioner.recipes.requirements import requirements
from provisioner.version import at_least, order

_TENSORFLOW_2 = "tensorflow>=2"


def command(plan: Plan | None, python: str = "") -> str | None:
    """What installs a plan's pins with pip; ``python`` is the one that there is."""
    if (
        plan is None
        or not plan.pins
        or any(pin.channel or pin.requirement is None for pin in plan.pins)
    ):
        return None
    options: list[str] = []
    for pin in plan.pins:
        if pin.index and pin.index not in options:
            first = "--index-url" if pin.index_holds_dependencies else "--extra-index-url"
            options += [first, pin.index]
    text = shlex.join(["pip", "install", *requirements(plan), *options])
    if plan.machine.os.id == "windows":
        text = text.replace("'", '"')
    return text if python in {"", plan.python} else f"{text} (with Python {plan.python})"


def install(patient: Patient) -> str | None:
    """What installs the framework on this machine, on its Python where that has the release."""
    plan, python = usual(patient), patient.symptoms.python
    if plan is None or plan.accelerator == "cpu":
        return None
    mine = patient.plan(patient.framework, python) if python else None
    if mine and [pin.version for pin in mine.pins] == [pin.version for pin in plan.pins]:
        return command(mine, python)
    return command(plan, python)


def install_for_python(patient: Patient) -> str | None:
    """What installs the newest release that has a build for the machine's Python."""
    python = patient.symptoms.python
    if not python or not patient.machine.gpus:
        return None
    return command(patient.plan(patient.framework, python), python)


def install_for_driver(patient: Patient) -> str | None:
    """What runs on the driver that there is."""
    if patient.machine.driver is None or not patient.machine.gpus:
        return None
    plan = patient.plan(patient.framework, keep_driver=True)
    return command(plan, patient.symptoms.python) if plan and plan.accelerator != "cpu" else None


def install_for_toolkit(patient: Patient) -> str | None:
    """The framework for the CUDA of the nvcc that there is."""
    toolkit = patient.symptoms.toolkit
    if not toolkit or not patient.machine.gpus:
        return None
    plan = patient.plan(f"{patient.framework} cuda=={toolkit}.*")
    return command(plan, patient.symptoms.python)


def _wanted(patient: Patient) -> Plan | None:
    """The plan for the release that was wanted."""
    package = patient.symptoms.package(patient.framework)
    if package is None or not patient.machine.gpus:
        return None
    return patient.plan(f"{package.name}=={package.version}")


def same_release(patient: Patient) -> str | None:
    """The release that was wanted, on a Python that it has."""
    plan = _wanted(patient)
    return command(plan) if plan and plan.accelerator != "cpu" else None


def plan_python(patient: Patient) -> str | None:
    """The Python for that release; None where it is the one that there is."""
    plan = _wanted(patient)
    return plan.python if plan and plan.python != patient.symptoms.python else None


def tf1_python(patient: Patient) -> str | None:
    """The Python of the newest TensorFlow 1 for the machine."""
    plan = patient.plan("tf1") if patient.machine.gpus else None
    return plan.python if plan and plan.accelerator != "cpu" else None


def tf2_install(patient: Patient) -> str | None:
    """What installs TensorFlow 2."""
    return _of(_TENSORFLOW_2, patient)


def _of(words: str, patient: Patient) -> str | None:
    plan = patient.plan(words) if patient.machine.gpus else None
    return command(plan, patient.symptoms.python) if plan and plan.accelerator != "cpu" else None


def tf2_wsl(patient: Patient) -> str | None:
    """What installs TensorFlow 2 inside WSL, on a Windows machine's GPU."""
    if not patient.machine.gpus:
        return None
    newest = max(
        (row for row in patient.catalog.systems if row.id == "ubuntu"), key=lambda r: r.version
    )
    inside = OperatingSystem(id="ubuntu", version=newest.version, wsl=True)
    machine = msgspec.structs.replace(patient.machine, os=inside, driver=None, sources={})
    plan = patient.on(machine).plan(_TENSORFLOW_2)
    return command(plan, plan.python) if plan else None


def tf_windows(patient: Patient) -> str | None:
    """What installs the newest TensorFlow that has builds with CUDA for Windows itself."""
    return _of("tensorflow", patient)


def torch_install(patient: Patient) -> str | None:
    """What installs PyTorch."""
    return _of("torch", patient)


def mac_install(patient: Patient) -> str | None:
    """What installs the framework on a Mac."""
    rows = [row for row in patient.catalog.systems if row.id == "macos"]
    machine = Machine(
        os=OperatingSystem(id="macos", version=rows[-1].version),
        arch="aarch64",
        sources={"os": "file"},
    )
    return command(patient.on(machine).plan(patient.framework)) if rows else None


def avx_free(patient: Patient) -> str | None:
    """What installs a build that needs no AVX."""
    plan = patient.on(_without_avx(patient)).plan(patient.framework)
    return command(plan, patient.symptoms.python) if plan and patient.machine.gpus else None


def avx_refusal(patient: Patient) -> str | None:
    """Why there is none."""
    text = patient.on(_without_avx(patient)).refusal(patient.framework)
    every = f"every build of {patient.framework} that the catalog knows for it needs AVX"
    return every if text and "AVX" in text.upper() else f"builds of {patient.framework} need it"


def _without_avx(patient: Patient) -> Machine:
    cpu = Cpu(name=patient.machine.cpu.name, level="x86_64_v2", flags=("sse2", "sse4_2", "ssse3"))
    return msgspec.structs.replace(patient.machine, cpu=cpu)


def siblings(patient: Patient) -> str | None:
    """torchvision for the release of PyTorch that is there."""
    package = patient.symptoms.package("torch")
    if package is None or not patient.machine.gpus:
        return None
    plan = patient.plan(f"torch=={package.version} torchvision")
    return command(plan, patient.symptoms.python) if plan and plan.accelerator != "cpu" else None


def resolve_together(patient: Patient) -> str | None:
    """What looks for releases of two frameworks that go together."""
    text = patient.symptoms.text
    named = sorted((n for n in ("torch", "tensorflow", "jax") if n in text), key=text.find)
    if not named[1:] or patient.plan(" ".join(named)) is None:
        return None
    return shlex.join(["dlsetup", "resolve", *named, *patient.options])


def nvcc_up(patient: Patient) -> str | None:
    """An environment with the framework as it is and an nvcc of its CUDA."""
    package, cuda = patient.symptoms.package(patient.framework), build_cuda(patient)
    if package is None or cuda is None or not patient.machine.gpus:
        return None
    words = (f"{package.name}=={package.version}", f"nvcc=={cuda}.*")
    if patient.plan(" ".join(words)) is None:
        return None
    return shlex.join(["dlsetup", "up", "fresh", *words])


def build_cuda(patient: Patient) -> str | None:
    """The CUDA of the framework that is installed."""
    package = patient.symptoms.package(patient.framework)
    return cuda_of(package) if package else None


def cudnn(patient: Patient) -> str | None:
    """The cuDNN of the planned build."""
    plan = usual(patient)
    return plan.cudnn if plan else None


def image(patient: Patient) -> str | None:
    """A small image whose CUDA the driver speaks, the oldest where nobody knows what it speaks."""
    speaks = patient.symptoms.driver_cuda
    rows = [row for row in patient.catalog.images if row.cuda and "-base-" in row.image]
    fitting = [row for row in rows if not speaks or at_least(speaks, row.cuda or "0")]
    newest = max if speaks else min
    best = newest(fitting, key=lambda row: order(row.cuda or "0"), default=None)
    return best.image if best else None


def gpu(patient: Patient) -> str | None:
    """The GPU, in words."""
    if not patient.machine.gpus:
        return None
    first = patient.machine.gpus[0]
    bare = first.name.replace(".", "").isdigit()
    return f"a GPU of compute capability {first.name}" if bare else first.name


def written(
    words: Sequence[str], *, asks: str = "FRAMEWORK", here: bool = False
) -> Callable[[Patient], str | None]:
    """A command of dlsetup that has a plan; ``here`` where it is given on the machine itself."""

    def text(patient: Patient) -> str | None:
        name = patient.framework if asks == "FRAMEWORK" else asks
        linux = patient.machine.os.id not in {"windows", "macos"}
        # A script is for bash; elsewhere the same answer is a file of requirements.
        told = [
            "dlsetup",
            *(word if linux or word != "script" else "requirements" for word in words),
        ]
        if here:
            return None if patient.machine.gpus else shlex.join([*told, name])
        if not patient.machine.gpus or patient.plan(name) is None:
            return None
        return shlex.join([*told, name, *patient.options])

    return text


def refusal(patient: Patient) -> str | None:
    """Why there is no build for the machine; None where there is one."""
    return patient.refusal(patient.framework) if patient.machine.gpus else None
