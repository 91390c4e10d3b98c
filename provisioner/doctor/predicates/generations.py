"""What facts say of GPU generations beside CUDA releases, drivers and kernel modules."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Architecture
from provisioner.doctor.predicates.drivers import branch_of, cuda_of
from provisioner.doctor.symptoms import Symptoms
from provisioner.machine import Gpu
from provisioner.version import at_least, is_dotted, order

_CUDA_PACKAGES = frozenset({"cudatoolkit", "pytorch-cuda", "cuda-version"})
_NOTES = ("cuda", "cuda_toolkit", "cuda_version", "cudatoolkit")
_IMAGE = re.compile(r"nvidia/cuda(?:gl)?:(\d{1,2}\.\d)|(?m:^ ?container: cuda (\d{1,2}(?:\.\d)?))")
_VERSION = re.compile(r"v?([0-9]{1,2}\.[0-9])")
_OPEN = re.compile(
    r"nvidia-(?:driver|kernel|dkms|kmod)[\w.-]*-open|open kernel module|nvidia-open|kernel-open"
    r"|dual mit/gpl"
)
_CLOSED = re.compile(r"proprietary|license: *nvidia|nvidia-driver-\d{3}(?:-server)?(?![\w.-])")


def _known(symptoms: Symptoms, catalog: Catalog) -> Iterator[tuple[Gpu, Architecture]]:
    rows = {row.compute_capability: row for row in catalog.architectures}
    for gpu in symptoms.gpus:
        row = rows.get(gpu.compute_capability or "")
        if gpu.vendor == "nvidia" and row is not None:
            yield gpu, row


def _cudas(symptoms: Symptoms) -> list[str]:
    """The CUDA of what is installed: of builds, else of what notes call CUDA, else of nvcc."""
    builds = [cuda for package in symptoms.packages if (cuda := cuda_of(package))]
    builds += [one.version for one in symptoms.packages
               if one.name in _CUDA_PACKAGES and is_dotted(one.version)]  # fmt: skip
    if builds:
        return builds
    images = [match[1] or match[2] for match in _IMAGE.finditer(symptoms.text)]
    noted = images + [match[1] for key in _NOTES for value in symptoms.notes.get(key, ())
             if (match := _VERSION.match(value))]  # fmt: skip
    return noted or ([symptoms.toolkit] if symptoms.toolkit else [])


def gpu_newer_than_cuda(symptoms: Symptoms, catalog: Catalog) -> str | None:
    """Every CUDA that is named came before the GPU."""
    cudas = _cudas(symptoms)
    for gpu, row in _known(symptoms, catalog):
        if cudas and row.first_cuda and all(order(one) < order(row.first_cuda) for one in cudas):
            newest = max(cudas, key=order)
            return f"{gpu.name} needs CUDA {row.first_cuda}, and {newest} is here."
    return None


def gpu_older_than_cuda(symptoms: Symptoms, catalog: Catalog) -> str | None:
    """Every CUDA that is named has left the GPU out."""
    cudas = _cudas(symptoms)
    for gpu, row in _known(symptoms, catalog):
        if (
            cudas
            and row.last_cuda
            and all(order(".".join(one.split(".")[:2])) > order(row.last_cuda) for one in cudas)
        ):
            return f"{gpu.name} is served up to CUDA {row.last_cuda}, and {cudas[0]} is here."
    return None


def gpu_older_than_driver(symptoms: Symptoms, catalog: Catalog) -> str | None:
    """The driver's branch has left the GPU out."""
    windows = symptoms.wsl or symptoms.family == "windows"
    branch = branch_of(symptoms.driver, catalog, windows=windows)
    for gpu, row in _known(symptoms, catalog):
        if branch and row.last_driver_branch and int(branch) > int(row.last_driver_branch):
            return f"{gpu.name} is served up to driver {row.last_driver_branch}, {branch} is here."
    return None


def driver_older_than_gpu(symptoms: Symptoms, catalog: Catalog) -> str | None:
    """The driver's branch came before the GPU."""
    for gpu, row in _known(symptoms, catalog):
        first = row.first_driver_branch
        if symptoms.driver and first and not at_least(symptoms.driver, first):
            return f"{gpu.name} needs driver {first}, and {symptoms.driver} is here."
    return None


def module_of_wrong_flavour(symptoms: Symptoms, catalog: Catalog) -> str | None:
    """The flavour of the kernel module that is named is none that the GPU runs with."""
    for gpu, row in _known(symptoms, catalog):
        if _OPEN.search(symptoms.text) and "open" not in row.kernel_modules:
            return f"{gpu.name} does not run with the open kernel module."
        if _CLOSED.search(symptoms.text) and "proprietary" not in row.kernel_modules:
            return f"{gpu.name} runs with the open kernel module only."
    return None
