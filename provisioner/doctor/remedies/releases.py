"""Releases of a framework: the one that is there in a build that fits, and others in its place."""

from __future__ import annotations

import msgspec

from provisioner.catalog.find import caps_on
from provisioner.catalog.rows import Build
from provisioner.doctor.patient import Patient
from provisioner.doctor.predicates.drivers import cuda_of
from provisioner.doctor.remedies.builds import command, install, installed
from provisioner.doctor.remedies.drivers import on_linux
from provisioner.doctor.remedies.places import elsewhere, in_wsl
from provisioner.machine import Cpu, Machine, OperatingSystem
from provisioner.plan import Plan
from provisioner.version import order

_TENSORFLOW_2 = "tensorflow>=2"


def _wanted(patient: Patient) -> Plan | None:
    """The plan for the release that was wanted, with code for the GPU."""
    package = patient.symptoms.package(patient.framework)
    if package is None or not patient.machine.gpus:
        return None
    plan = patient.plan(f"{package.name}=={package.version}")
    return plan if plan and plan.accelerator != "cpu" else None


def same_release(patient: Patient) -> str | None:
    """The release that was wanted, in a build for the machine, on a Python that it has.

    None where that is what is installed already.
    """
    package, plan = patient.symptoms.package(patient.framework), _wanted(patient)
    if package is None or plan is None:
        return None
    first = plan.pins[0]
    if package.local and (first.variant == package.local or first.cuda == cuda_of(package)):
        return None
    return installed(f"{package.name}=={package.version}", patient, patient.symptoms.python)


def same_release_alone(patient: Patient) -> str | None:
    """The same where what is installed was taken away before."""
    text = same_release(patient)
    return text.rpartition(" && ")[2] if text else None


def plan_python(patient: Patient) -> str | None:
    """The Python for that release; None where it is the one that there is."""
    plan = _wanted(patient)
    return plan.python if plan and plan.python != patient.symptoms.python else None


def release_pythons(patient: Patient) -> str | None:
    """The Pythons that the release was built for on such a system.

    None where the catalog has no such build, or the Python that there is is one of them.
    """
    pythons = _pythons(patient)
    if not pythons or patient.symptoms.python in pythons:
        return None
    return pythons[0] if len(pythons) == 1 else f"{pythons[0]} to {pythons[-1]}"


def newest_python(patient: Patient) -> str | None:
    """The newest of them."""
    pythons = _pythons(patient)
    return pythons[-1] if pythons else None


def _pythons(patient: Patient) -> list[str]:
    return sorted({python for row in _wheels(patient) for python in row.pythons}, key=order)


def _wheels(patient: Patient) -> list[Build]:
    """The wheels of the release that is there, of every variant."""
    package = patient.symptoms.package(patient.framework)
    if package is None:
        return []
    system = patient.machine.os.id if not on_linux(patient) else "linux"
    return [
        row
        for row in patient.catalog.builds(package.name)
        if (row.version == package.version and row.via == "pip")
        and row.platform == f"{system}-{patient.machine.arch}"
    ]


def release_cudnn(patient: Patient) -> str | None:
    """The cuDNN that the release was built with, where its builds agree on one."""
    plan = _wanted(patient)
    if plan and plan.cudnn:
        return plan.cudnn
    found = {(row.cudnn, row.cuda) for row in _wheels(patient) if row.cudnn and row.cuda}
    if len(found) != 1:
        return None
    ((version, cuda),) = found
    return f"{version}, for CUDA {cuda}"


def cpu_install(patient: Patient) -> str | None:
    """What installs the framework to compute on the CPU."""
    sources = {**patient.machine.sources, "gpus": "none", "driver": "none"}
    bare = msgspec.structs.replace(patient.machine, gpus=(), driver=None, sources=sources)
    return command(elsewhere(patient, bare).plan(patient.framework), patient.symptoms.python)


def tf1_python(patient: Patient) -> str | None:
    """The Python of the newest TensorFlow 1 for the machine."""
    plan = patient.plan("tf1") if patient.machine.gpus else None
    return plan.python if plan and plan.accelerator != "cpu" else None


def tf1_package(patient: Patient) -> str | None:
    """The TensorFlow 1 that has code for the machine's GPU, with its release."""
    plan = patient.plan("tf1") if patient.machine.gpus else None
    if plan is None or plan.accelerator == "cpu" or not plan.pins:
        return None
    return f"{plan.pins[0].name} {plan.pins[0].version}"


def tf1_refusal(patient: Patient) -> str | None:
    """Why no TensorFlow 1 runs on the machine's GPU."""
    return patient.refusal("tf1") if patient.machine.gpus else None


def tf2_install(patient: Patient) -> str | None:
    """What installs TensorFlow 2."""
    return installed(_TENSORFLOW_2, patient, patient.symptoms.python)


def tf2_wsl(patient: Patient) -> str | None:
    """What installs TensorFlow 2 inside WSL, on a Windows machine's GPU."""
    if not patient.machine.gpus:
        return None
    plan = elsewhere(patient, in_wsl(patient)).plan(_TENSORFLOW_2)
    return command(plan) if plan and plan.accelerator != "cpu" else None


def torch_install(patient: Patient) -> str | None:
    """What installs PyTorch."""
    return installed("torch", patient, patient.symptoms.python)


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
    return installed(patient.framework, elsewhere(patient, _without_avx(patient)))


def avx_refusal(patient: Patient) -> str | None:
    """Why there is none."""
    text = patient.on(_without_avx(patient)).refusal(patient.framework)
    every = f"every build of {patient.framework} that the catalog knows for it needs AVX"
    return every if text and "AVX" in text.upper() else f"builds of {patient.framework} need it"


def _without_avx(patient: Patient) -> Machine:
    cpu = Cpu(name=patient.machine.cpu.name, level="x86_64_v2", flags=("sse2", "sse4_2", "ssse3"))
    return msgspec.structs.replace(patient.machine, cpu=cpu)


def numpy_2_install(patient: Patient) -> str | None:
    """What installs a release that takes NumPy 2; None where the one that fits caps NumPy."""
    plan = patient.plan(patient.framework) if patient.machine.gpus else None
    pins = plan.pins[:1] if plan else ()
    caps = [cap for pin in pins for cap in caps_on(patient.catalog.caps, pin.name, pin.version)]
    if not pins or any(cap.requirement.startswith("numpy") for cap in caps):
        return None
    return install(patient)
