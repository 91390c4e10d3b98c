"""Builds and commands for a machine, asked of the resolver."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

import msgspec

from provisioner.doctor.patient import Patient
from provisioner.doctor.predicates.drivers import cuda_of
from provisioner.doctor.remedies.drivers import on_linux, usual
from provisioner.plan import Plan
from provisioner.recipes.requirements import requirements
from provisioner.version import at_least, order


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
    return text if python in {"", plan.python} else f"{text} (with Python {plan.python})"


def installed(words: str, patient: Patient, python: str = "") -> str | None:
    """What installs the plan for some requirements, with code for the machine's GPU.

    By pip, or where conda has to bring a part of it by the script that does. None where the GPU or
    such a plan is unknown.
    """
    plan = patient.plan(words) if patient.machine.gpus else None
    if plan is None or plan.accelerator == "cpu":
        return None
    return command(plan, python) or by_script(words, patient)


def by_script(words: str, patient: Patient) -> str | None:
    """The script of dlsetup that installs what pip alone cannot; None off Linux."""
    if not on_linux(patient):
        return None
    return shlex.join(["dlsetup", "render", "script", *words.split(), *patient.options])


def install(patient: Patient) -> str | None:
    """What installs the framework on this machine, on its Python where that has the release."""
    plan, python = usual(patient), patient.symptoms.python
    if plan is None or plan.accelerator == "cpu":
        return None
    mine = patient.plan(patient.framework, python) if python else None
    if mine and [pin.version for pin in mine.pins] == [pin.version for pin in plan.pins]:
        plan = mine
    return command(plan, python) or by_script(patient.framework, patient)


def install_for_python(patient: Patient) -> str | None:
    """What installs the newest release that has a build for the machine's Python."""
    python = patient.symptoms.python
    if not python or not patient.machine.gpus:
        return None
    return command(patient.plan(patient.framework, python), python)


def install_for_driver(patient: Patient) -> str | None:
    """What runs on the driver that there is: the release that is installed, else the newest."""
    if patient.machine.driver is None or not patient.machine.gpus:
        return None
    package = patient.symptoms.package(patient.framework)
    asked = [f"{package.name}=={package.version}"] if package else []
    for words in (*asked, patient.framework):
        plan = patient.plan(words, keep_driver=True)
        text = command(plan, patient.symptoms.python)
        if plan and text and plan.accelerator != "cpu":
            return text
    return None


def install_without_driver(patient: Patient) -> str | None:
    """What runs on the driver that would be put there."""
    return installed(patient.framework, patient.without_driver, patient.symptoms.python)


def install_for_toolkit(patient: Patient) -> str | None:
    """The framework for the CUDA of the nvcc that there is, in the release that is installed."""
    toolkit, package = patient.symptoms.toolkit, patient.symptoms.package(patient.framework)
    if not toolkit:
        return None
    names = [f"{package.name}=={package.version}"] if package else []
    python = patient.symptoms.python
    found = (
        installed(f"{name} cuda=={toolkit}.*", patient, python)
        for name in (*names, patient.framework)
    )
    return next((text for text in found if text), None)


def siblings(patient: Patient) -> str | None:
    """torchvision for the release of PyTorch that is there."""
    package = patient.symptoms.package("torch")
    if package is None:
        return None
    words = f"torch=={package.version} torchvision"
    text = installed(words, patient, patient.symptoms.python)
    if text:
        return text
    bare = msgspec.structs.replace(
        patient.machine, gpus=(), driver=None, sources={**patient.machine.sources, "gpus": "none"}
    )
    plan = patient.on(bare).plan(words)
    pins = [pin for pin in plan.pins if pin.name == "torchvision"] if plan else []
    if not pins:
        return None
    version = pins[0].version.partition("+")[0]
    return f"torchvision {version} goes with torch {package.version}, from the same index"


def resolve_together(patient: Patient) -> str | None:
    """What looks for releases of two frameworks that go together."""
    named = _named(patient)
    if not named[1:] or patient.plan(" ".join(named)) is None:
        return None
    return shlex.join(["dlsetup", "resolve", *named, *patient.options])


def apart(patient: Patient) -> str:
    """An environment for each of the frameworks that are named."""
    named = _named(patient) or [patient.framework]
    return " && ".join(f"dlsetup up {name}-alone {name}" for name in named)


def _named(patient: Patient) -> list[str]:
    text = patient.symptoms.text
    return sorted((n for n in ("torch", "tensorflow", "jax") if n in text), key=text.find)


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


def toolkit_package(patient: Patient) -> str | None:
    """NVIDIA's package of the toolkit of that CUDA."""
    cuda = build_cuda(patient)
    return f"cuda-toolkit-{cuda.replace('.', '-')}" if cuda else None


def cudnn(patient: Patient) -> str | None:
    """The cuDNN of the planned build."""
    plan = usual(patient)
    return plan.cudnn if plan else None


def image(patient: Patient) -> str | None:
    """A small image whose CUDA the driver speaks, the oldest where nobody knows what it speaks."""
    speaks = patient.symptoms.driver_cuda
    rows = [row for row in patient.catalog.cuda_images if row.cuda and "-base-ubuntu" in row.image]
    fitting = [row for row in rows if not speaks or at_least(speaks, row.cuda or "0")]
    newest = max if speaks else min
    best = newest(fitting, key=lambda row: (order(row.cuda or "0"), row.image), default=None)
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
        # A script is for bash; elsewhere the same answer is a file of requirements.
        told = [
            "dlsetup",
            *(word if on_linux(patient) or word != "script" else "requirements" for word in words),
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
