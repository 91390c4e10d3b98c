"""What a GPU computes in, as a person needs it who picks a number format."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog.rows import Architecture
from provisioner.machine import Gpu
from provisioner.resolve.facts import Facts


def precisions(facts: Facts, gpu: Gpu) -> str:
    """Return one sentence: the formats of the tensor cores, and what else to know of speed."""
    row = facts.architectures[gpu.compute_capability or ""]
    cores = _tensor_formats(facts, gpu, row)
    if cores is None:
        known = ", ".join(row.precisions)
        return f"{gpu.name}: which formats its tensor cores multiply is not known" + (
            f"; it computes in {known} at least." if known else "."
        )
    told = [f"tensor cores multiply {', '.join(cores)}" if cores else "no tensor cores"]
    return f"{gpu.name}: {'; '.join((*told, *_advice(row, cores)))}."


def _advice(row: Architecture, cores: tuple[str, ...]) -> Iterator[str]:
    if cores and "bf16" not in cores:
        yield "bf16 is none of them, so load models in float16"
    if not cores and "fp16" in row.precisions and _is_slow(row.fp16_rate):
        yield f"float16 runs at {row.fp16_rate} of float32's speed, so compute in float32"
    if not cores and row.precisions and "fp16" not in row.precisions:
        yield "compute in float32"
    if _is_slow(row.fp64_rate) and "fp64" not in cores:
        yield f"float64 runs at {row.fp64_rate} of float32's speed"


def _is_slow(rate: str | None) -> bool:
    """Whether a rate beside fp32, such as ``1/64``, is below a half."""
    over, _, under = (rate or "1").partition("/")
    return bool(under) and 2 * int(over) < int(under)


def _tensor_formats(facts: Facts, gpu: Gpu, row: Architecture) -> tuple[str, ...] | None:
    """The formats of its tensor cores: none where its chip lacks them; None: not known."""
    if row.chips_without_tensor_cores and row.tensor_precisions:
        chips = {model.chip for model in facts.catalog.gpus if model.name == gpu.name}
        bare = chips & set(row.chips_without_tensor_cores)
        if bare or not chips:
            return () if bare == chips and chips else None
    return row.tensor_precisions
