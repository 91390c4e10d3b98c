"""What rows of remedies may ask of a machine, beside the signs and predicates of symptoms."""

from __future__ import annotations

from collections.abc import Callable

from provisioner.doctor.patient import Patient
from provisioner.doctor.remedies import drivers, named
from provisioner.doctor.remedies.values import VALUES
from provisioner.version import numbers

Condition = Callable[[Patient, frozenset[str]], bool]
_FAMILIES = {"debian": "debian-family", "redhat": "red-hat-family", "suse": "suse-family"}
_KNOWN = {
    "build-known": "install",
    "build-for-python-known": "install_for_python",
    "package-known": "driver_install",
    "minimum-known": "minimum_driver",
    "modules-known": "modules_package",
    "flavour-known": "flavour",
    "flavour-package-known": "flavour_install",
    "fabric-known": "fabric_manager",
    "repository-known": "key",
    "keyring-known": "cuda_repository",
    "toolkit-known": "toolkit_render",
    "cudnn-planned": "cudnn",
    "avx-free": "avx_free",
    "newest-branch-known": "newest_branch",
    "same-release-known": "same_release",
    "plan-python-known": "plan_python",
    "tf1-known": "tf1_python",
    "build-cuda-known": "build_cuda",
    "newest-gcc-known": "newest_gcc",
    "gcc-known": "gcc",
    "numpy-cap-known": "numpy_cap",
    "protobuf-cap-known": "protobuf_cap",
    "driver-cuda-known": "driver_cuda",
    "driver-named": "driver",
    "toolkit-home-known": "toolkit_home",
    "toolkit-package-known": "toolkit_package",
    "full-place-known": "full_place",
    "held-known": "held",
    "glibc-wheels-known": "glibc_wheels",
    "twice-anew-known": "twice_anew",
}
"""Conditions that hold where a placeholder has an answer."""


def families(patient: Patient) -> frozenset[str]:
    """The family of the system, by which its tools are called."""
    rows = [row for row in patient.catalog.systems if row.id == patient.machine.os.id]
    names = {_FAMILIES[row.family] for row in rows[:1] if row.family in _FAMILIES}
    return frozenset(names | ({"ubuntu"} if patient.machine.os.id == "ubuntu" else set()))


def _takes_newer_gcc(patient: Patient, _: frozenset[str]) -> bool:
    """Whether nvcc takes no gcc as new as the one that there is, or nobody said which that is."""
    newest, gcc = VALUES["newest_gcc"](patient), patient.symptoms.gcc
    return newest is not None and (not gcc or numbers(gcc)[:1] > numbers(newest)[:1])


def _has_no_build(patient: Patient, _: frozenset[str]) -> bool:
    """Whether the GPU is known, and nothing that the catalog knows has code for it."""
    return bool(patient.machine.gpus) and VALUES["install"](patient) is None


def _only(name: str) -> Condition:
    """Whether one engine is named, and Docker is not."""
    return lambda _, held: f"{name}-named" in held and "docker-named" not in held


def _framework(name: str) -> Condition:
    return lambda patient, _: patient.framework == name


def _answered(name: str) -> Condition:
    return lambda patient, _: VALUES[name](patient) is not None


CONDITIONS: dict[str, Condition] = {
    "on-linux": lambda patient, _: drivers.on_linux(patient),
    "linux-host": lambda patient, _: drivers.takes_driver(patient),
    "windows-driver": lambda patient, _: drivers.has_windows_driver(patient),
    "jetson": lambda patient, held: (
        drivers.on_linux(patient) and (drivers.is_tegra(patient) or "jetson-named" in held)
    ),
    "gpu-known": lambda patient, _: bool(patient.machine.gpus),
    "driver-unreachable": lambda patient, _: drivers.is_out_of_reach(patient),
    "driver-dropped-gpu": lambda patient, held: drivers.dropped_gpu(
        patient, said="legacy-branch" in held
    ),
    "both-flavours": lambda patient, _: drivers.takes_both_flavours(patient),
    "driver-upgrade-planned": lambda patient, _: drivers.is_upgrade_planned(patient),
    "driver-to-ensure": lambda patient, _: drivers.is_to_be_ensured(patient),
    "no-build": _has_no_build,
    "looked-at": lambda patient, _: patient.symptoms.examined,
    "framework-fits-glibc": lambda patient, _: named.framework_fits_glibc(patient),
    "gcc-too-new": _takes_newer_gcc,
    "on-arm-or-unsaid": lambda patient, _: patient.machine.arch == "aarch64",
    "arch-linux": lambda patient, _: patient.machine.os.id == "arch",
    "enterprise-linux": lambda patient, _: (
        patient.machine.os.id != "fedora" and "red-hat-family" in families(patient)
    ),
    "podman-only": _only("podman"),
    "apptainer-only": _only("apptainer"),
    "torch-named": _framework("torch"),
    "tensorflow-named": _framework("tensorflow"),
    "jax-named": _framework("jax"),
    "onnx-named": _framework("onnxruntime-gpu"),
    "cupy-named": _framework("cupy"),
    **{condition: _answered(value) for condition, value in _KNOWN.items()},
}
"""Every condition by the name that rows call it."""
