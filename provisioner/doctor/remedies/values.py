"""The placeholders of remedies: each is a question to the resolver, the catalog or the machine."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from operator import attrgetter

from provisioner.catalog.beside import toolkit
from provisioner.catalog.find import caps_on, names_of_system
from provisioner.catalog.rows import Cuda, Repository
from provisioner.doctor.patient import Patient
from provisioner.doctor.remedies import builds, driver_parts, drivers, named, releases, toolkits
from provisioner.version import minor, numbers

Value = Callable[[Patient], "str | None"]
_HOST_PART = "nvidia-container-toolkit"
_MODULES = {"onnxruntime-gpu": "onnxruntime"}
"""What a package is imported as, where that is another name."""
_CPU_ALONE = {"tensorflow": ("tensorflow-cpu", "intel-tensorflow")}
"""Packages of a framework that hold nothing for GPUs, by the framework's own name."""


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
    """The cap that a release that is there needs, and which release that is."""

    def capped(patient: Patient) -> str | None:
        for package in filter(attrgetter("is_exact"), patient.symptoms.packages):
            for cap in caps_on(patient.catalog.caps, package.name, package.version):
                if cap.requirement.startswith(name):
                    asked = shlex.quote(cap.requirement)
                    return f"pip install {asked}: {package.name} {package.version} needs it"
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
    """The oldest CUDA whose nvcc takes the gcc that there is; None where an older one may too."""
    gcc = patient.symptoms.gcc
    known = [row for row in patient.catalog.cuda if row.host_compilers]
    known.sort(key=lambda row: numbers(row.version))
    taking = [row for row in known if gcc and _newest_of(row) >= numbers(gcc)[:1]]
    if not taking or taking[0] is known[0]:
        return None
    return f"CUDA {taking[0].version} or later"


def _newest_of(row: Cuda) -> tuple[int, ...]:
    return numbers(row.host_compilers[-1].gcc)


def _cuda_repository(patient: Patient) -> str | None:
    """The folder of NVIDIA's repository for a release of Debian or Ubuntu."""
    os, row = patient.machine.os, patient.catalog.addresses.get("nvidia-cuda-repositories")
    if os.id not in {"debian", "ubuntu"} or not os.version or row is None:
        return None
    processor = {"aarch64": "sbsa"}.get(patient.machine.arch, patient.machine.arch)
    return f"{row}/{os.id}{os.version.replace('.', '')}/{processor}"


def _branch(patient: Patient) -> str | None:
    return patient.symptoms.driver.partition(".")[0] or None


def _for_cpu(patient: Patient) -> str:
    """The package that computes on the CPU, as it is installed."""
    there = (name for name in _CPU_ALONE.get(patient.framework, ()) if _is_there(name, patient))
    return next(there, _package(patient))


def _is_there(name: str, patient: Patient) -> bool:
    return patient.symptoms.package(name) is not None


def _fitting(name: str) -> Value:
    """The releases that the one package which complains allows; of all, where several do."""
    needed = re.compile(rf"which needs ({name}[<>=!~][\w.,<>=!~*]+)")

    def fitting(patient: Patient) -> str | None:
        told = set(needed.findall(patient.symptoms.text)) if patient.symptoms.examined else set()
        return told.pop() if len(told) == 1 else _oldest_cap(name)(patient)

    return fitting


def _package(patient: Patient) -> str:
    """What the build for the CPU is called: ONNX Runtime has a package of its own."""
    return _MODULES.get(patient.framework, patient.framework)


VALUES: dict[str, Value] = {
    "install": builds.install,
    "install_for_python": builds.install_for_python,
    "install_for_driver": builds.install_for_driver,
    "install_for_toolkit": builds.install_for_toolkit,
    "same_release": releases.same_release,
    "same_release_alone": releases.same_release_alone,
    "plan_python": releases.plan_python,
    "release_pythons": releases.release_pythons,
    "newest_python": releases.newest_python,
    "release_cudnn": releases.release_cudnn,
    "cpu_install": releases.cpu_install,
    "avx_free": releases.avx_free,
    "avx_refusal": releases.avx_refusal,
    "mac_install": releases.mac_install,
    "tf1_python": releases.tf1_python,
    "tf1_package": releases.tf1_package,
    "tf1_refusal": releases.tf1_refusal,
    "tf2_install": releases.tf2_install,
    "tf2_wsl": releases.tf2_wsl,
    "torch_install": releases.torch_install,
    "numpy_2_install": releases.numpy_2_install,
    "build_cuda": toolkits.build_cuda,
    "toolkit_package": toolkits.toolkit_package,
    "install_without_driver": builds.install_without_driver,
    "cudnn": builds.cudnn,
    "siblings": builds.siblings,
    "resolve_together": builds.resolve_together,
    "apart": builds.apart,
    "nvcc_up": toolkits.nvcc_up,
    "refusal": builds.refusal,
    "image": toolkits.image,
    "devel_image": toolkits.devel_image,
    "gpu": builds.gpu,
    "render": builds.written(("render", "script")),
    "render_here": builds.written(("render", "script"), here=True),
    "resolve_here": builds.written(("resolve",), here=True),
    "keep_driver_here": builds.written(("resolve", "--keep-driver"), here=True),
    "container_render": builds.written(("render", "dockerfile")),
    "container_render_here": builds.written(("render", "dockerfile"), here=True),
    "cuda_dev_render": builds.written(("render", "script"), asks="cuda-dev"),
    "tf1_render": builds.written(("render", "script"), asks="tf1"),
    "minimum_driver": drivers.minimum,
    "plan_driver": drivers.plan_driver,
    "driver_install": drivers.install,
    "driver_upgrade": drivers.upgrade,
    "newest_branch": drivers.newest_branch,
    "driver_place": drivers.place,
    "last_branch": drivers.last_branch,
    "flavour": drivers.flavour,
    "flavour_install": drivers.flavour_install,
    "modules_package": driver_parts.modules_package,
    "fabric_manager": driver_parts.fabric_manager,
    "fabric_upgrade": driver_parts.fabric_upgrade,
    "key": _of_repository("key"),
    "cuda_repository": _cuda_repository,
    "old_keys": _old_keys,
    "toolkit_render": _toolkit_render,
    "toolkit_render_here": lambda _: shlex.join(["dlsetup", "render", "script", _HOST_PART]),
    "numpy_cap": _cap("numpy"),
    "numpy_1": _oldest_cap("numpy"),
    "protobuf_cap": _cap("protobuf"),
    "protobuf_old": _fitting("protobuf"),
    "newest_gcc": _newest_gcc,
    "cuda_for_gcc": _cuda_for_gcc,
    "toolkit_home": named.toolkit_home,
    "full_place": named.full_place,
    "held": named.held,
    "glibc_wheels": named.wheels_for_glibc,
    "twice": named.twice,
    "twice_anew": named.twice_anew,
    "for_numpy_1": named.compiled_for_numpy_1,
    "framework": lambda patient: patient.framework,
    "package": _for_cpu,
    "module": _package,
    "toolkit": lambda patient: patient.symptoms.toolkit or None,
    "gcc": lambda patient: patient.symptoms.gcc or None,
    "branch": _branch,
    "driver": lambda patient: patient.symptoms.driver or None,
    "driver_cuda": lambda patient: patient.symptoms.driver_cuda or None,
}
"""Every placeholder by its name; None where nothing is known."""
