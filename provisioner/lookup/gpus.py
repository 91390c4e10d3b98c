"""What the catalog knows of a GPU, and what runs on it by the resolver's own rules."""

from __future__ import annotations

from provisioner.catalog.find import gpu_by_word, gpu_rows
from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Architecture, Cuda, GpuModel
from provisioner.errors import UsageError
from provisioner.lookup.other_makers import served_elsewhere
from provisioner.lookup.question import near, neighbours, shown
from provisioner.lookup.runs import Served, served
from provisioner.lookup.values import GpuAnswer
from provisioner.machine import Gpu
from provisioner.resolve.drivers import drives
from provisioner.version import capability_of, numbers


def gpu(catalog: Catalog, word: str) -> GpuAnswer:
    """What a GPU is and what runs on it; a name, ``sm_86``, ``8.6`` or ``gfx1100``.

    Raises UsageError ``unknown-gpu`` or ``ambiguous-gpu``.
    """
    try:
        found, models = gpu_by_word(catalog, word), gpu_rows(catalog, word)
    except UsageError as error:
        raise _helpful(catalog, word, error) from None
    row = next(
        (
            row
            for row in catalog.architectures
            if row.compute_capability == found.compute_capability
        ),
        None,
    )
    if row is None and not models:
        raise _unknown(catalog, word)
    ran = _served(catalog, found, row)
    cudas = {run.build.cuda for run in ran.runs}
    return GpuAnswer(
        name=_name(found, models, word.strip()),
        vendor=found.vendor,
        compute_capability=found.compute_capability,
        memory_bytes=_one_size(models),
        models=models,
        architecture=row,
        newest_cuda=_newest_cuda(catalog, row) if row else None,
        newest_driver_branch=_newest_branch(catalog, found, row, models),
        kernel_modules=row.kernel_modules if row else (),
        tensor_precisions=_tensor_precisions(row, models),
        runs=ran.runs,
        without=ran.without,
        unknown=ran.unknown,
        cuda_releases=tuple(item for item in catalog.cuda if item.version in cudas),
    )


def _served(catalog: Catalog, found: Gpu, row: Architecture | None) -> Served:
    if row is not None:
        return served(catalog, found)
    if found.vendor == "intel" or (found.vendor == "amd" and found.architecture):
        return served_elsewhere(catalog, found)
    return Served((), (), ())


def _name(found: Gpu, models: tuple[GpuModel, ...], word: str) -> str:
    """The product's name; what was typed where that means several products."""
    return found.name if len({row.name for row in models}) == 1 or not word.isprintable() else word


def has_code(cuda: Cuda, row: Architecture) -> bool:
    """Whether a CUDA has code for a capability: as its compiler says, else as the row does."""
    if cuda.architectures:
        return any(capability_of(name)[0] == row.compute_capability for name in cuda.architectures)
    after = row.first_cuda is None or numbers(row.first_cuda) <= numbers(cuda.version)
    before = row.last_cuda is None or numbers(cuda.version) <= numbers(row.last_cuda)
    return after and before


def _newest_cuda(catalog: Catalog, row: Architecture) -> str | None:
    return next((cuda.version for cuda in catalog.cuda[::-1] if has_code(cuda, row)), None)


def _newest_branch(
    catalog: Catalog, found: Gpu, row: Architecture | None, models: tuple[GpuModel, ...]
) -> str | None:
    if row is None:
        ends = {model.last_driver_branch for model in models}
        return ends.pop() if found.vendor == "nvidia" and len(ends) == 1 else None
    out = [
        branch.branch
        for branch in catalog.drivers
        if branch.first_version
        and drives(branch.branch, row)
        and set(branch.kernel_modules) & set(row.kernel_modules)
    ]
    return out[-1] if out else None


def _tensor_precisions(
    row: Architecture | None, models: tuple[GpuModel, ...]
) -> tuple[str, ...] | None:
    if row is None:
        return None
    chips = {model.chip for model in models}
    return () if chips and chips <= set(row.chips_without_tensor_cores) else row.tensor_precisions


def _one_size(models: tuple[GpuModel, ...]) -> int | None:
    sizes = {model.memory_bytes for model in models}
    return sizes.pop() if len(sizes) == 1 else None


def _helpful(catalog: Catalog, word: str, error: UsageError) -> UsageError:
    if error.reference == "unknown-gpu":
        return _unknown(catalog, word)
    capability = error.context[0].partition(":")[0] if error.context else ""
    return UsageError(
        error.reference,
        error.message,
        context=error.context,
        hint="Say the whole name, or what stands before it: dlsetup catalog show gpu " + capability,
    )


def _unknown(catalog: Catalog, word: str) -> UsageError:
    names = dict.fromkeys(row.name.removeprefix("NVIDIA ") for row in catalog.gpus)
    plain = {name.removeprefix("GeForce "): name for name in names}
    close = [plain[name] for name in near(word, list(plain))]
    known = [row.compute_capability for row in catalog.architectures]
    close = close or [f"gpu {name}" for name in neighbours(word.strip(), known)]
    return UsageError(
        "unknown-gpu",
        f"The catalog does not know a GPU called {shown(word)}.",
        hint=f"Did you mean {' or '.join(close)}?"
        if close
        else "Use a product name (RTX 3090), an architecture (sm_86) or a compute capability "
        "(8.6).",
    )
