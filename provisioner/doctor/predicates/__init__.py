"""Predicates: what facts together say, where no single word does.

Each takes symptoms and the catalog and returns a sentence of evidence, or None where it does not
hold or nobody can tell. A row calls one by its name with dashes, or compares a fact with a number:
``capability<7.5``, ``python>3.7``, ``torch<2.3``.
"""

from __future__ import annotations

from collections.abc import Callable

from provisioner.catalog.load import Catalog
from provisioner.doctor.predicates import drivers, generations, gpus, packages, places
from provisioner.doctor.predicates.comparing import compared
from provisioner.doctor.symptoms import Symptoms

Predicate = Callable[[Symptoms, Catalog], "str | None"]

_ALL: tuple[Predicate, ...] = (
    gpus.above_the_list,
    gpus.below_the_list,
    gpus.hole_in_the_list,
    gpus.amd_gpu,
    gpus.several_gpus,
    gpus.different_models,
    gpus.memory_without_process,
    gpus.memory_while_idle,
    generations.gpu_newer_than_cuda,
    generations.gpu_older_than_cuda,
    generations.gpu_older_than_driver,
    generations.driver_older_than_gpu,
    generations.module_of_wrong_flavour,
    drivers.module_differs,
    drivers.driver_below_image,
    drivers.driver_below_build,
    drivers.nvcc_differs,
    drivers.gcc_above_nvcc,
    drivers.cudart_of_another,
    drivers.cuda_13,
    drivers.target_known_to_toolkit,
    drivers.target_unknown_to_toolkit,
    drivers.cudnn_in_environment,
    packages.cpu_variant,
    packages.cuda_variant,
    packages.variant_never_published,
    packages.tensorflow_1,
    packages.tensorflow_on_windows,
    packages.two_onnxruntimes,
    packages.two_versions,
    packages.wheel_of_another_python,
    packages.two_frameworks,
    packages.numpy_older_than_asked,
    packages.two_cuda_majors,
    packages.extension_for_another_torch,
    packages.cudnn_elsewhere,
    places.in_container,
    places.given_gpus,
    places.in_wsl,
    places.on_windows,
    places.on_mac,
    places.on_arm,
    places.in_cloud,
    places.no_avx_in_flags,
)
PREDICATES = {predicate.__name__.replace("_", "-"): predicate for predicate in _ALL}
"""Every predicate by the name that rows call it."""

__all__ = ["PREDICATES", "Predicate", "compared"]
