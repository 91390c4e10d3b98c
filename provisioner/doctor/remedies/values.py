"""The placeholders of remedies: each is a question to the resolver, the catalog or the machine."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from provisioner.catalog.beside import toolkit
from provisioner.catalog.find import names_of_system
from provisioner.catalog.rows import Repository
from provisioner.doctor.patient import Patient
from provisioner.doctor.remedies import builds, drivers
from provisioner.version import minor, numbers

Value = Callable[[Patient], "str | None"]
_HOST_PART = "nvidia-container-toolkit"
_MODULES = {"onnxruntime-gpu": "onnxruntime"}
"""What a package is imported as, where that is another name."""


def _repository(patient: Patient) -> Repository | None:
    machine = patient.machine
    names = names_of_system(patient.catalog, machine.os.id, machine.os.version)
    here = (row for row in patient.catalog.repositories if row.os in names)
    return next((row for row in here if row.arch == machine.arch), None)


def _of_repository(field: str) -> Value:
    def value(patient: Patient) -> str | None:
        row = _repository(patient)
        return str(getattr(row, field)) if row else None

    return value


def _old_keys(patient: Patient) -> str:
    """What deletes the keys that sign no more; empty where the catalog knows none."""
    keys = [row.key for row in patient.catalog.retired_keys if row.repository == "nvidia"]
    return "".join(f"; sudo apt-key del {key}" for key in keys)


def _toolkit_render(patient: Patient) -> str | None:
    known = patient.system and toolkit(patient.catalog, patient.machine)
    if not known or not any(gpu.vendor == "nvidia" for gpu in patient.machine.gpus):
        return None
    return shlex.join(["dlsetup", "render", "script", _HOST_PART, *patient.options])


def _cap(name: str) -> Value:
    """The cap that a release that is there needs, with its reason."""

    def capped(patient: Patient) -> str | None:
        for package in patient.symptoms.packages:
            plan = patient.plan(f"{package.name}=={package.version}")
            for cap in plan.constraints if plan else ():
                if cap.requirement.startswith(name):
                    return f"pip install {shlex.quote(cap.requirement)}: {cap.reason}"
        return None

    return capped


def _oldest_cap(name: str) -> Value:
    """The cap of the catalog on a package that leaves the most releases out: it serves all."""

    def capped(patient: Patient) -> str | None:
        found = {
            row.requirement
            for row in patient.catalog.caps
            if row.requirement.startswith(f"{name}<") and row.requirement.count(".") == 0
        }
        return min(found, key=lambda text: numbers(text.partition("<")[2]), default=None)

    return capped


def _newest_gcc(patient: Patient) -> str | None:
    wanted = patient.symptoms.toolkit
    rows = (row for row in patient.catalog.cuda if wanted and row.version == minor(wanted))
    row = next(rows, None)
    return row.host_compilers[-1].gcc if row and row.host_compilers else None


def _cuda_for_gcc(patient: Patient) -> str | None:
    """The oldest CUDA whose nvcc takes the gcc that there is."""
    gcc = patient.symptoms.gcc
    rows = [
        row
        for row in patient.catalog.cuda
        if gcc and row.host_compilers and numbers(row.host_compilers[-1].gcc) >= numbers(gcc)
    ]
    row = min(rows, key=lambda row: numbers(row.version), default=None)
    return f"CUDA {row.version} or later" if row else None


def _package(patient: Patient) -> str:
    """What the build for the CPU is called: ONNX Runtime has a package of its own."""
    return _MODULES.get(patient.framework, patient.framework)


VALUES: dict[str, Value] = {
    "install": builds.install,
    "install_for_python": builds.install_for_python,
    "install_for_driver": builds.install_for_driver,
    "install_for_toolkit": builds.install_for_toolkit,
    "same_release": builds.same_release,
    "plan_python": builds.plan_python,
    "build_cuda": builds.build_cuda,
    "cudnn": builds.cudnn,
    "avx_free": builds.avx_free,
    "avx_refusal": builds.avx_refusal,
    "mac_install": builds.mac_install,
    "siblings": builds.siblings,
    "tf1_python": builds.tf1_python,
    "tf2_install": builds.tf2_install,
    "tf2_wsl": builds.tf2_wsl,
    "tf_windows": builds.tf_windows,
    "torch_install": builds.torch_install,
    "resolve_together": builds.resolve_together,
    "nvcc_up": builds.nvcc_up,
    "refusal": builds.refusal,
    "image": builds.image,
    "gpu": builds.gpu,
    "render": builds.written(("render", "script")),
    "render_here": builds.written(("render", "script"), here=True),
    "resolve_here": builds.written(("resolve",), here=True),
    "container_render": builds.written(("render", "dockerfile")),
    "container_render_here": builds.written(("render", "dockerfile"), here=True),
    "cuda_dev_render": builds.written(("render", "script"), asks="cuda-dev"),
    "tf1_render": builds.written(("render", "script"), asks="tf1"),
    "minimum_driver": drivers.minimum,
    "plan_driver": drivers.plan_driver,
    "driver_install": drivers.install,
    "driver_place": drivers.place,
    "last_branch": drivers.last_branch,
    "flavour": drivers.flavour,
    "flavour_install": drivers.flavour_install,
    "modules_package": drivers.modules_package,
    "fabric_manager": drivers.fabric_manager,
    "repository": _of_repository("address"),
    "key": _of_repository("key"),
    "key_fingerprint": _of_repository("fingerprint"),
    "old_keys": _old_keys,
    "toolkit_render": _toolkit_render,
    "toolkit_render_here": lambda _: shlex.join(["dlsetup", "render", "script", _HOST_PART]),
    "numpy_cap": _cap("numpy"),
    "numpy_1": _oldest_cap("numpy"),
    "protobuf_cap": _cap("protobuf"),
    "protobuf_old": _oldest_cap("protobuf"),
    "newest_gcc": _newest_gcc,
    "cuda_for_gcc": _cuda_for_gcc,
    "framework": lambda patient: patient.framework,
    "package": _package,
    "module": _package,
    "toolkit": lambda patient: patient.symptoms.toolkit or None,
    "gcc": lambda patient: patient.symptoms.gcc or None,
    "driver": lambda patient: patient.symptoms.driver or None,
    "driver_cuda": lambda patient: patient.symptoms.driver_cuda or None,
}
"""Every placeholder by its name; None where nothing is known."""
