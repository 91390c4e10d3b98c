"""The one door to the rules for GPUs of other makers than NVIDIA."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Build
from provisioner.errors import RefusedError
from provisioner.machine import Gpu
from provisioner.plan import Serve, Warning
from provisioner.request import Wish, parse_wish
from provisioner.resolve import documented, rocm
from provisioner.resolve.accelerators import MAKERS, is_integrated, is_known, was_named
from provisioner.resolve.candidates import GPU, Need
from provisioner.resolve.facts import Facts

_OTHERS = ("rocm", "xpu")


def serves(facts: Facts, row: Build) -> tuple[Serve, ...] | None:
    """Return how a build serves every GPU of the machine; None when it leaves one out."""
    found = [_serve(facts, gpu, row) for gpu in facts.devices]
    return None if None in found else tuple(item for item in found if item is not None)


def needs(facts: Facts, row: Build) -> Iterator[Need]:
    """Yield what speaks against a build on the GPUs of the machine."""
    if not facts.devices:
        return
    if row.accelerator == facts.accelerator:
        yield from (
            rocm.needs(facts, row) if row.accelerator == "rocm" else documented.needs(facts, row)
        )
    elif row.cuda or row.bundles_cuda or row.sass or row.ptx:
        names = ", ".join(gpu.name for gpu in facts.devices)
        reason = f"it is a build for NVIDIA's GPUs: nothing that runs on {names}"
        yield _refusal("gpu-vendor-unsupported", reason, row)
    else:
        reason = f"it is a build without code for {MAKERS[facts.accelerator]}'s GPUs"
        yield _refusal("cpu-only-wheel", f"{reason} and would leave the GPU idle", row)


def is_for(row: Build, accelerator: str) -> bool:
    """Whether a build is worth a look: it is for that accelerator, or for NVIDIA and the CPU.

    What computes on Apple's GPUs runs on the CPU as well.
    """
    return row.accelerator in {None, "mps", accelerator}


def extended(catalog: Catalog, row: Build) -> Iterator[str]:
    """Yield the frameworks that a build needs beside it and that decide on GPUs for it.

    For a build for another maker's GPUs, only one that has such builds itself decides.
    """
    others = catalog.contents.accelerators if row.accelerator in _OTHERS else None
    for text in row.requires:
        name = parse_wish(text).name
        if name in catalog.frameworks and (others is None or name in others):
            yield name


def settled(facts: Facts, wishes: Sequence[Wish]) -> Facts:
    """The same facts, without integrated graphics that nothing of the request can use.

    They were found and nobody named them; no build of what is asked for is known to serve them,
    and no build that somebody has read, of anything, is for such a part. The plan then computes
    on the CPU and says so. Raises RefusedError ``gpu-vendor-unsupported`` where NVIDIA's own
    components are asked for on another maker's GPUs.
    """
    choice = facts.choice
    if choice.accelerator not in _OTHERS:
        return facts
    if not was_named(facts.machine) and all(_is_excused(facts, gpu) for gpu in choice.gpus):
        names = dict.fromkeys(name for wish in wishes for name in _deciding(facts, wish.name))
        rows = (row for name in names for row in _builds_like(facts, name))
        if not any(_may_run(facts, row) for row in rows):
            return facts.changed(idle=choice.gpus)
    for wish in wishes:
        if wish.is_component:
            raise _nvidias_own(facts, wish)
    return facts


def accelerator_of(facts: Facts, rows: Sequence[Build]) -> str:
    """What a plan with these builds computes on."""
    if facts.gpus:
        return "cuda" if any(row.cuda for row in rows) or not rows else "cpu"
    if facts.devices:
        return facts.accelerator
    apple = facts.accelerator == "mps"
    return "mps" if apple and any(documented.on_apple(facts, row) for row in rows) else "cpu"


def warnings(facts: Facts, rows: Sequence[Build]) -> Iterator[Warning]:
    """Yield what to know of a plan for other makers' GPUs, and of GPUs that a plan leaves out."""
    maker = MAKERS.get(facts.accelerator, "")
    why = f"the plan runs on the {maker} GPUs."
    if facts.spares_gpus:
        names = " and ".join(row.name for row in facts.profiles)
        why = f"nothing of {names} computes on it. Ask for a framework too, such as torch."
    for name in dict.fromkeys(gpu.name for gpu in facts.left_out):
        yield Warning("gpu-not-used", f"{name} is not used: {why}")
    for gpu in facts.idle:
        names = ", ".join(dict.fromkeys(row.framework for row in rows)) or "what was asked for"
        told = f"no build of {names} is known to run on it"
        yield Warning("gpu-not-used", f"{gpu.name} is not used: {told}. This plan is for the CPU.")
    if facts.devices:
        rules = rocm if facts.accelerator == "rocm" else documented
        yield from rules.warnings(facts, [row for row in rows if row.accelerator])
    if facts.accelerator == "mps":
        for row in rows:
            if not documented.on_apple(facts, row) and not any(extended(facts.catalog, row)):
                told = f"{row.framework} {row.version} computes on the CPU"
                text = f"Apple's GPU is not used by all: {told}, as far as documents say."
                yield Warning("gpu-not-used", text)


def _serve(facts: Facts, gpu: Gpu, row: Build) -> Serve | None:
    if row.accelerator != facts.accelerator:
        return None
    return rocm.serve(gpu, row) if row.accelerator == "rocm" else documented.serve(facts, gpu, row)


def _deciding(facts: Facts, name: str) -> Iterator[str]:
    """A name, and the frameworks that its builds extend, plain Python among them."""
    yield name
    for row in facts.catalog.builds_for(name, facts.choice.accelerator):
        yield from extended(facts.catalog, row)


def _builds_like(facts: Facts, name: str) -> Iterator[Build]:
    """The builds of a name for the accelerator that the machine's GPUs stand for."""
    accelerator = facts.choice.accelerator
    for row in facts.catalog.builds_for(name, accelerator):
        if row.accelerator == accelerator and row.platform == facts.platform:
            yield row


def _may_run(facts: Facts, row: Build) -> bool:
    """Whether a build serves one of the GPUs, or could: nobody read it, and others like it do."""
    gpus = facts.choice.gpus
    if any(_serve(facts, gpu, row) for gpu in gpus):
        return True
    if row.accelerator != "rocm" or not rocm.is_unread(row) or any(extended(facts.catalog, row)):
        return False
    named = {name for other in facts.catalog.contents.accelerators for name in _read(facts, other)}
    return any(gpu.architecture in named for gpu in gpus)


def _read(facts: Facts, name: str) -> Iterator[str]:
    for row in _builds_like(facts, name):
        yield from row.gfx


def _is_excused(facts: Facts, gpu: Gpu) -> bool:
    """Whether a GPU is no card: part of a processor, or of a maker whose cards all say so."""
    integrated = is_integrated(facts.catalog, gpu)
    unsaid = integrated is None and gpu.vendor == "intel" and is_known(facts.catalog, gpu)
    return bool(integrated) or unsaid


def _nvidias_own(facts: Facts, wish: Wish) -> RefusedError:
    names = ", ".join(gpu.name for gpu in facts.choice.gpus)
    return RefusedError(
        "gpu-vendor-unsupported",
        f"{wish.text} is of NVIDIA's CUDA, and nothing of that runs on {names}.",
        hint="Leave it out, or say --gpu none for the CPU.",
    )


def _refusal(reference: str, reason: str, row: Build) -> Need:
    return Need(on=GPU, reference=reference, reason=reason, evidence=row.evidence, failed=True)
