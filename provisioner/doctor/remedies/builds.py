"""Builds and commands for a machine, asked of the resolver."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

import msgspec

from provisioner.catalog.rows import Image
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
    needs = [] if python in {"", plan.python} else [f"with Python {plan.python}"]
    if plan.driver.action == "upgrade" and plan.driver.minimum:
        needs.append(f"on driver {plan.driver.minimum} or later")
    return f"{text} ({', '.join(needs)})" if needs else text


def installed(words: str, patient: Patient, python: str = "") -> str | None:
    """What installs the plan for some requirements, with code for the machine's GPU.

    By pip, or where conda has to bring a part of it by the script that does. None where the GPU or
    such a plan is unknown.
    """
    plan = patient.plan(words) if patient.machine.gpus else None
    if plan is None or plan.accelerator == "cpu":
        return None
    return _anew(command(plan, python), plan, patient) or by_file(words, plan, patient)


def _anew(text: str | None, plan: Plan, patient: Patient) -> str | None:
    """The command after what is installed is gone, where pip would take that for what is asked.

    ``torch==2.9.0`` is met by 2.9.0+cu130 in its eyes.
    """
    there = {(one.name, one.version) for one in patient.symptoms.packages if one.local}
    met = [
        pin.name
        for pin in plan.pins
        if (pin.name, pin.version) in there and "+" not in str(pin.requirement)
    ]
    if not text or not met:
        return text
    return f"{shlex.join(['pip', 'uninstall', '--yes', *met])} && {text}"


def by_file(words: str, plan: Plan, patient: Patient) -> str | None:
    """The file of dlsetup that installs what pip alone cannot; None off Linux."""
    if not on_linux(patient):
        return None
    return shlex.join(["dlsetup", "render", format_of(plan), *words.split(), *patient.options])


def format_of(plan: Plan) -> str:
    """The format that carries a plan on Linux: a script has no conda."""
    return "conda" if any(pin.channel for pin in plan.pins) else "script"


def install(patient: Patient) -> str | None:
    """What installs the framework on this machine, on the Python that is there if that can be."""
    plan, python = usual(patient), patient.symptoms.python
    if plan is None or plan.accelerator == "cpu":
        return None
    mine = patient.plan(patient.framework, python) if python else None
    if mine and mine.accelerator != "cpu":
        plan = mine
    return command(plan, python) or by_file(patient.framework, plan, patient)


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
            return _anew(text, plan, patient)
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
    """NVIDIA's package of the toolkit of that CUDA, where its repository for the system has it.

    It has where NVIDIA made images of that CUDA on that system: they are installed from there.
    """
    cuda = build_cuda(patient)
    return f"cuda-toolkit-{cuda.replace('.', '-')}" if cuda and _images(patient, cuda) else None


def devel_image(patient: Patient) -> str | None:
    """An image of that CUDA which holds nvcc, of the machine's system where there is one."""
    cuda = build_cuda(patient)
    rows = [row for row in _cuda_images(patient) if row.cuda == cuda and "-devel-" in row.image]
    here = [row for row in rows if cuda and row in _images(patient, cuda)]
    best = max(here or rows, key=lambda row: row.image, default=None)
    return best.image if best else None


def _images(patient: Patient, cuda: str) -> list[Image]:
    """NVIDIA's images of a CUDA on the machine's system."""
    rows = [row for row in _cuda_images(patient) if row.cuda == cuda]
    return [row for row in rows if row.os == patient.machine.os_name]


def _cuda_images(patient: Patient) -> tuple[Image, ...]:
    return (*patient.catalog.cuda_images, *patient.catalog.ended_images)


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
    cuda = newest((order(row.cuda or "0") for row in fitting), default=None)
    of_it = (row.image for row in fitting if order(row.cuda or "0") == cuda)
    return max(of_it, default=None)


def gpu(patient: Patient) -> str | None:
    """The GPU, in words."""
    if not patient.machine.gpus:
        return None
    first = patient.machine.gpus[0]
    bare = first.name.replace(".", "").isdigit()
    return f"a GPU of compute capability {first.name}" if bare else first.name


def written(
    words: Sequence[str], *, asks: str = "", here: bool = False
) -> Callable[[Patient], str | None]:
    """A command of dlsetup that has a plan; ``here`` where it is given on the machine itself."""

    def text(patient: Patient) -> str | None:
        name = asks or patient.framework
        plan = patient.plan(name) if patient.machine.gpus else None
        if here == bool(patient.machine.gpus) or not (here or plan):
            return None
        # A script is for bash; elsewhere the same answer is a file of requirements.
        script = "requirements" if not on_linux(patient) else format_of(plan) if plan else "script"
        told = [script if word == "script" else word for word in words]
        return shlex.join(["dlsetup", *told, name, *(() if here else patient.options)])

    return text


def refusal(patient: Patient) -> str | None:
    """Why there is no build for the machine; None where there is one."""
    return patient.refusal(patient.framework) if patient.machine.gpus else None
