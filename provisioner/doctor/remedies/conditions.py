"""What rows of remedies may ask of a machine, beside the signs and predicates of symptoms."""

from __future__ import annotations

from collections.abc import Callable

from provisioner.doctor.patient import Patient
from provisioner.doctor.remedies import drivers
from provisioner.doctor.remedies.values import VALUES

Condition = Callable[[Patient, frozenset[str]], bool]
_FAMILIES = {"debian": "debian-family", "redhat": "red-hat-family", "suse": "suse-family"}
_KNOWN = {
    "build-known": "install",
    "package-known": "driver_install",
    "minimum-known": "minimum_driver",
    "modules-known": "modules_package",
    "flavour-known": "flavour",
    "flavour-package-known": "flavour_install",
    "fabric-known": "fabric_manager",
    "repository-known": "repository",
    "toolkit-known": "toolkit_render",
    "cudnn-planned": "cudnn",
    "avx-free": "avx_free",
    "build-cuda-known": "build_cuda",
    "newest-gcc-known": "newest_gcc",
    "gcc-known": "gcc",
    "numpy-cap-known": "numpy_cap",
    "protobuf-cap-known": "protobuf_cap",
    "driver-cuda-known": "driver_cuda",
    "driver-named": "driver",
}
"""Conditions that hold where a placeholder has an answer."""


def families(patient: Patient) -> frozenset[str]:
    """The family of the system, by which its tools are called."""
    rows = [row for row in patient.catalog.systems if row.id == patient.machine.os.id]
    names = {_FAMILIES[row.family] for row in rows[:1] if row.family in _FAMILIES}
    return frozenset(names | ({"ubuntu"} if patient.machine.os.id == "ubuntu" else set()))


def _framework(name: str) -> Condition:
    return lambda patient, _: patient.framework == name


def _answered(name: str) -> Condition:
    return lambda patient, _: VALUES[name](patient) is not None


CONDITIONS: dict[str, Condition] = {
    "on-linux": lambda patient, _: drivers.on_linux(patient),
    "linux-host": lambda patient, _: drivers.takes_driver(patient),
    "windows-driver": lambda patient, _: drivers.has_windows_driver(patient),
    "jetson": lambda patient, held: drivers.is_tegra(patient) or "jetson-named" in held,
    "gpu-known": lambda patient, _: bool(patient.machine.gpus),
    "driver-unreachable": lambda patient, _: drivers.is_out_of_reach(patient),
    "driver-dropped-gpu": lambda patient, held: drivers.dropped_gpu(
        patient, said="legacy-branch" in held
    ),
    "driver-upgrade-planned": lambda patient, _: drivers.is_upgrade_planned(patient),
    "torch-named": _framework("torch"),
    "tensorflow-named": _framework("tensorflow"),
    "jax-named": _framework("jax"),
    "onnx-named": _framework("onnxruntime-gpu"),
    "cupy-named": _framework("cupy"),
    **{condition: _answered(value) for condition, value in _KNOWN.items()},
}
"""Every condition by the name that rows call it."""
