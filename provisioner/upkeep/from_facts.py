"""Make the catalog's sheets from the folder of gathered facts.

    python -m provisioner.upkeep.from_facts FACTS_DIR [--write]

Shows what would change as a diff and writes only with ``--write``. Run twice, the second run
changes nothing. Sheets that people edit are read for the table of contents and never touched.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from provisioner import resources
from provisioner.catalog import rows, sheets
from provisioner.catalog.dump import dump
from provisioner.catalog.load import Catalog
from provisioner.errors import DlsetupError
from provisioner.upkeep import writing
from provisioner.upkeep.derived import cpu_variants, measured, pair_variants
from provisioner.upkeep.facts import (
    conda,
    conda_unplanned,
    cuda,
    drivers,
    gpus,
    images,
    images_unplanned,
    libraries,
    nvidia_tensorflow,
    tensorflow,
    torch,
    torch_accelerators,
    torch_pairs,
    torch_variants,
)
from provisioner.upkeep.facts.table import Facts


def made(facts: Facts, catalog: Catalog) -> dict[sheets.Sheet, list[rows.Row]]:
    """Every sheet that the facts can make, with its rows.

    From ``catalog`` come the addresses of publishers, what was read out of wheels, and the
    measured builds that announced ones stand beside.
    """
    addresses, code = catalog.addresses, catalog.wheel_code
    pytorch = torch.default_wheels(facts)
    wheels = tensorflow.wheels(facts, "tensorflow")
    gpu_wheels = tensorflow.wheels(facts, "tensorflow-gpu")
    in_images = images.builds(facts, addresses["docker-hub"], gpu_wheels + wheels)
    in_other_images = _other_images(facts, addresses["docker-hub"])
    found: dict[sheets.Sheet, Iterable[rows.Row]] = {
        **in_other_images,
        sheets.CUDA: cuda.cuda(facts),
        sheets.ARCHITECTURES: cuda.architecture(facts),
        sheets.NVIDIA_GPUS: gpus.nvidia(facts),
        sheets.AMD_GPUS: gpus.amd(facts),
        sheets.INTEL_GPUS: gpus.intel(facts),
        sheets.DRIVERS: drivers.branches(facts),
        sheets.DRIVER_PACKAGES: drivers.packages(facts),
        sheets.LIBRARIES: libraries.wheels(facts),
        sheets.CONDA_LIBRARIES: conda.libraries(facts),
        sheets.OTHER_CONDA_LIBRARIES: conda_unplanned.libraries(facts),
        sheets.IMAGES: images.images(chain(in_images, *in_other_images.values())),
        sheets.CUDA_IMAGES: images_unplanned.cuda(facts, addresses["docker-hub"]),
        sheets.builds("torch"): pytorch,
        sheets.builds("torch-conda"): conda.conda_forge(facts, "torch"),
        sheets.builds("torch-conda", sheets.UNPLANNED): [
            *conda_unplanned.conda_forge(facts, "pytorch", "torch"),
            *conda_unplanned.pytorch_channel(facts),
            *conda_unplanned.defaults(facts, "torch"),
        ],
        sheets.builds("torchvision"): torch_pairs.pairs(facts, "torchvision", pytorch, code),
        sheets.builds("torchaudio"): torch_pairs.pairs(facts, "torchaudio", pytorch, code),
        **_index_variants(facts, catalog),
        sheets.builds("tensorflow"): wheels,
        sheets.builds("tensorflow-gpu"): gpu_wheels,
        sheets.builds("tensorflow-conda"): conda.conda_forge(facts, "tensorflow")
        + conda.defaults(facts),
        sheets.builds("tensorflow-conda", sheets.UNPLANNED): [
            *conda_unplanned.conda_forge(facts, "tensorflow", "tensorflow"),
            *conda_unplanned.defaults(facts, "tensorflow-gpu"),
        ],
        sheets.builds("jaxlib-conda", sheets.COMPANIONS): conda_unplanned.every_conda_forge(
            facts, "jaxlib"
        ),
        sheets.builds("tensorflow-images"): in_images,
        sheets.builds("nvidia-tensorflow"): nvidia_tensorflow.wheels(facts, addresses),
    }
    return {sheet: list(listed) for sheet, listed in found.items()}


def _other_images(facts: Facts, registry: str) -> dict[sheets.Sheet, list[rows.Build]]:
    """The sheets of frameworks inside images that no plan is built on yet."""
    found = {name: images_unplanned.ngc(facts, name) for name in ("torch", "tensorflow", "jax")}
    found["torch"] += images_unplanned.pytorch(facts, registry)
    return {
        sheets.builds(f"{name}-images", sheets.UNPLANNED): builds for name, builds in found.items()
    }


def _index_variants(facts: Facts, catalog: Catalog) -> dict[sheets.Sheet, Iterable[rows.Row]]:
    """The sheets of what PyTorch's own index holds beside the measured wheels."""
    addresses = catalog.addresses
    index = addresses["pytorch"]
    releases = measured(catalog.builds("torch"), "torch")
    pairs = {name: measured(catalog.builds(name), name) for name in ("torchvision", "torchaudio")}
    nvidia = [
        *cpu_variants(releases, catalog.index_variants, addresses),
        *torch_variants.variants_of(facts, releases, index),
    ]
    found: dict[sheets.Sheet, Iterable[rows.Row]] = {sheets.builds("torch-index"): nvidia}
    for name, wheels in pairs.items():
        found[sheets.builds(f"{name}-index")] = pair_variants(wheels, releases + nvidia)
    others = {
        "torch-rocm": torch_accelerators.rocm(facts, releases, index),
        "torch-xpu": torch_accelerators.xpu(facts, releases, index),
    }
    for name, builds in others.items():
        beside = (pair_variants(wheels, releases + builds) for wheels in pairs.values())
        found[sheets.builds(name, sheets.UNPLANNED)] = [*builds, *chain.from_iterable(beside)]
    return found


def texts(facts: Facts, folder: Path) -> dict[str, bytes]:
    """What the files below ``folder`` should hold, by path: sheets, and the contents of all."""
    sheets_made = made(facts, Catalog(folder))
    found = {sheet.path: dump(sheet, listed) for sheet, listed in sheets_made.items()}
    return writing.with_contents(folder, found)


def main(arguments: list[str]) -> int:
    """Run the command: 0 when nothing changes or the change was written, 1 when it waits."""
    folders = [word for word in arguments if not word.startswith("-")]
    if len(folders) != 1 or set(arguments) - {"--write", *folders}:
        sys.stderr.write(__doc__ or "")
        return 2
    stacks = resources.stacks()
    try:
        fresh = texts(Facts(Path(folders[0])), stacks)
    except DlsetupError as error:
        return writing.complain(error)
    return writing.show_and_write(stacks, fresh, for_real="--write" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
