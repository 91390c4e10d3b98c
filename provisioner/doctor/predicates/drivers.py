"""What facts say of drivers and CUDA."""

from __future__ import annotations

import re

from provisioner.catalog.find import driver_branch
from provisioner.catalog.load import Catalog
from provisioner.doctor.symptoms import Installed, Symptoms
from provisioner.version import at_least, numbers

REQUIRES_CUDA = re.compile(r"cuda ?>= ?(\d{1,2}\.\d)")
"""How an image asks for what the driver has to speak."""
_TARGET = re.compile(r"unsupported gpu architecture 'compute_(\d{2,3})'")
_CONDAS_CUDA = re.compile(r"_cuda(\d{1,2}\.\d)(?:\.\d+)?_")
_BUILD_CUDA = re.compile(r"cu([7-9]\d|1\d\d)(?!\d)")
"""A release; ``cu12`` of other projects says the major alone."""


def module_differs(symptoms: Symptoms, _: Catalog) -> str | None:
    """Kernel module and user space are of different releases."""
    mine, module = symptoms.driver, symptoms.module
    if mine and module and "." in mine and "." in module and not _same(mine, module):
        return f"User space is {mine}, the kernel module {module}."
    return None


def _same(one: str, other: str) -> bool:
    return numbers(one) == numbers(other)


def driver_below_image(symptoms: Symptoms, _: Catalog) -> str | None:
    """An image asks for a newer CUDA than the driver speaks."""
    match = REQUIRES_CUDA.search(symptoms.text)
    if match and symptoms.driver_cuda and not at_least(symptoms.driver_cuda, match[1]):
        return f"The image needs CUDA {match[1]}, the driver speaks {symptoms.driver_cuda}."
    return None


def driver_below_build(symptoms: Symptoms, catalog: Catalog) -> str | None:
    """A package is built for a CUDA whose floor the driver does not reach."""
    if not symptoms.driver or symptoms.family == "windows" or symptoms.wsl:
        return None
    for package in symptoms.packages:
        cuda = cuda_of(package)
        if cuda is None:
            continue
        row = next((row for row in catalog.cuda if row.version == cuda), None)
        floor = row.driver_floor.linux if row else None
        if floor and not at_least(symptoms.driver, floor):
            name = f"{package.name} {package.version}+{package.local}"
            return f"{name} needs driver {floor}, and there is {symptoms.driver}."
    return None


def nvcc_differs(symptoms: Symptoms, _: Catalog) -> str | None:
    """nvcc is of another CUDA than the framework."""
    for package in symptoms.packages:
        cuda = cuda_of(package)
        if cuda and symptoms.toolkit and cuda != symptoms.toolkit:
            return f"{package.name} is built for CUDA {cuda}, nvcc is of {symptoms.toolkit}."
    return None


def cudart_of_another(symptoms: Symptoms, _: Catalog) -> str | None:
    """An extension asks for the CUDA runtime of another release than the framework's."""
    wanted = re.search(r"libcudart\.so\.(\d{1,2})(?:\.(\d))?", symptoms.text)
    for package in symptoms.packages:
        cuda = cuda_of(package)
        if wanted and cuda and cuda.partition(".")[0] != wanted[1]:
            return f"{package.name} is built for CUDA {cuda}, something asks for {wanted[0]}."
    return None


def cuda_13(symptoms: Symptoms, _: Catalog) -> str | None:
    """Something is built for CUDA 13."""
    found = re.search(r"cu13\d|cuda[ _-]?13|cuda version: 13|version ?: 130\d0", symptoms.text)
    return "Something is built for CUDA 13." if found else None


def target_known_to_toolkit(symptoms: Symptoms, catalog: Catalog) -> str | None:
    """nvcc refuses an architecture that the toolkit which is named knows: it is of another one."""
    match = _TARGET.search(symptoms.text)
    row = next((row for row in catalog.cuda if row.version == symptoms.toolkit), None)
    if match and row and f"sm_{match[1]}" in row.architectures:
        return f"CUDA {row.version} knows sm_{match[1]}: the nvcc that runs is an older one."
    return None


def target_unknown_to_toolkit(symptoms: Symptoms, catalog: Catalog) -> str | None:
    """nvcc refuses an architecture that came after the toolkit which is named."""
    match = _TARGET.search(symptoms.text)
    row = next((row for row in catalog.cuda if row.version == symptoms.toolkit), None)
    if match and row and f"sm_{match[1]}" not in row.architectures:
        return f"CUDA {row.version} has no sm_{match[1]}."
    return None


def gcc_above_nvcc(symptoms: Symptoms, catalog: Catalog) -> str | None:
    """The host compiler is newer than the header of this nvcc accepts."""
    if symptoms.examined:
        return None  # its probe says it, and knows which compiler is named for nvcc
    row = next((row for row in catalog.cuda if row.version == symptoms.toolkit), None)
    if symptoms.gcc and row and row.host_compilers:
        newest = max(int(limits.gcc) for limits in row.host_compilers)
        if int(symptoms.gcc.partition(".")[0]) > newest:
            return f"nvcc of CUDA {row.version} accepts gcc {newest}, and {symptoms.gcc} is here."
    return None


def cudnn_in_environment(symptoms: Symptoms, _: Catalog) -> str | None:
    """cuDNN lies in the environment as a wheel."""
    found = "nvidia-cudnn-cu" in symptoms.text or "nvidia/cudnn/lib" in symptoms.text
    return "cuDNN is in the environment as a wheel." if found else None


def branch_of(version: str, catalog: Catalog, *, windows: bool) -> str:
    """The branch of a driver; Windows numbers the releases of one upwards: 581 is of R580.

    Empty where nobody knows it.
    """
    if not windows or not version:
        return version.partition(".")[0]
    row = driver_branch(catalog, version, windows=True)
    return row.branch if row else ""


def cuda_of(package: Installed) -> str | None:
    """The CUDA that a variant names: ``cu121`` and ``py3.9_cuda12.1_cudnn8_0`` → ``12.1``."""
    if match := _BUILD_CUDA.match(package.local):
        return f"{match[1][:-1]}.{match[1][-1]}"
    match = _CONDAS_CUDA.search(package.local)
    return match[1] if match else None
