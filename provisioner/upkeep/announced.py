"""Every sheet of announced builds and images, from the gathered facts and the measured builds.

What is measured is read from the catalog itself: a sheet has one writer.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from provisioner.catalog import rows, sheets
from provisioner.catalog.load import Catalog
from provisioner.catalog.sheets import ACCELERATORS, COMPANIONS, UNPLANNED, Sheet, builds
from provisioner.upkeep.derived import cpu_variants, measured, pair_variants
from provisioner.upkeep.facts import (
    conda,
    conda_unplanned,
    images,
    images_unplanned,
    nvidia_tensorflow,
    torch_accelerators,
    torch_variants,
)
from provisioner.upkeep.facts.table import Facts

Made = dict[Sheet, Iterable[rows.Row]]


def announced(facts: Facts, catalog: Catalog) -> Made:
    """Each sheet with its rows; the measured builds of ``catalog`` are what some stand beside."""
    addresses = catalog.addresses
    return {
        **_index_variants(facts, catalog),
        **_conda(facts),
        **_images(facts, catalog),
        builds("nvidia-tensorflow"): nvidia_tensorflow.wheels(facts, addresses),
        builds("nvidia-tensorflow", UNPLANNED): nvidia_tensorflow.unplanned(facts, addresses),
    }


def _index_variants(facts: Facts, catalog: Catalog) -> Made:
    """What PyTorch's own index holds beside the measured wheels."""
    addresses = catalog.addresses
    index = addresses["pytorch"]
    releases = measured(catalog.builds("torch"), "torch")
    pairs = {name: measured(catalog.builds(name), name) for name in ("torchvision", "torchaudio")}
    nvidia = [
        *cpu_variants(releases, catalog.index_variants, addresses),
        *torch_variants.variants_of(facts, releases, index),
    ]
    found: Made = {builds("torch-index"): nvidia}
    for name, wheels in pairs.items():
        found[builds(f"{name}-index")] = pair_variants(wheels, releases + nvidia)
    others = {
        "torch-rocm": torch_accelerators.rocm(facts, releases, index, catalog.support),
        "torch-xpu": torch_accelerators.xpu(facts, releases, index),
    }
    for name, made in others.items():
        beside = (pair_variants(wheels, releases + made) for wheels in pairs.values())
        found[builds(name, ACCELERATORS)] = [*made, *chain.from_iterable(beside)]
    return found


def _conda(facts: Facts) -> Made:
    """What conda's channels hold: libraries, what plans choose from, and the rest."""
    tensorflow = conda.conda_forge(facts, "tensorflow") + conda.defaults(facts)
    return {
        sheets.CONDA_LIBRARIES: conda.libraries(facts),
        sheets.OTHER_CONDA_LIBRARIES: conda_unplanned.libraries(facts),
        builds("torch-conda"): conda.conda_forge(facts, "torch"),
        builds("tensorflow-conda"): tensorflow,
        builds("torch-conda", UNPLANNED): [
            *conda_unplanned.conda_forge(facts, "pytorch", "torch"),
            *conda_unplanned.pytorch_channel(facts),
            *conda_unplanned.defaults(facts, "torch"),
        ],
        builds("tensorflow-conda", UNPLANNED): [
            *conda_unplanned.conda_forge(facts, "tensorflow", "tensorflow"),
            *conda_unplanned.defaults(facts, "tensorflow-gpu"),
        ],
        builds("jaxlib-conda", COMPANIONS): conda_unplanned.every_conda_forge(facts, "jaxlib"),
    }


def _images(facts: Facts, catalog: Catalog) -> Made:
    """Frameworks inside images, and the images."""
    registry = catalog.addresses["docker-hub"]
    answering = catalog.builds("tensorflow")
    wheels = measured(answering, "tensorflow-gpu") + measured(answering, "tensorflow")
    planned = images.builds(facts, registry, wheels)
    rest = {name: images_unplanned.ngc(facts, name) for name in ("torch", "tensorflow", "jax")}
    rest["torch"] += images_unplanned.pytorch(facts, registry)
    return {
        sheets.IMAGES: images.images(facts, registry, chain(planned, *rest.values())),
        sheets.CUDA_IMAGES: images_unplanned.cuda(facts, registry),
        sheets.ENDED_CUDA_IMAGES: images_unplanned.cuda(facts, registry, ended=True),
        builds("tensorflow-images"): planned,
        **{builds(f"{name}-images", UNPLANNED): made for name, made in rest.items()},
    }
