"""Toolkits and images of the CUDA that a framework is built with, or that a driver speaks."""

from __future__ import annotations

import shlex

from provisioner.catalog.rows import Image
from provisioner.doctor.patient import Patient
from provisioner.doctor.predicates.drivers import cuda_of
from provisioner.version import at_least, order


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


def image(patient: Patient) -> str | None:
    """A small image whose CUDA the driver speaks, the oldest where nobody knows what it speaks."""
    speaks = patient.symptoms.driver_cuda
    rows = [row for row in patient.catalog.cuda_images if row.cuda and "-base-ubuntu" in row.image]
    fitting = [row for row in rows if not speaks or at_least(speaks, row.cuda or "0")]
    newest = max if speaks else min
    cuda = newest((order(row.cuda or "0") for row in fitting), default=None)
    of_it = (row.image for row in fitting if order(row.cuda or "0") == cuda)
    return max(of_it, default=None)
