"""Honest edges: what is true of a plan and easily missed.

A warning asks for something to be done, a note is good to know. Both come from rows alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from provisioner.catalog.rows import Library
from provisioner.machine import Gpu
from provisioner.plan import Plan, Warning
from provisioner.request import parse_wish
from provisioner.resolve import lifetimes
from provisioner.resolve.facts import Facts
from provisioner.resolve.precisions import precisions
from provisioner.resolve.serving import serve
from provisioner.version import is_pre_release, order

_GIB = 1024**3


def told(facts: Facts, plan: Plan) -> Plan:
    """Return the plan with the warnings and notes that its edges ask for."""
    moves = lifetimes.moves_to(facts, plan)
    warnings = (
        *_memory(facts),
        *lifetimes.moving_driver(facts, plan, moves, fits=False),
        *lifetimes.ended_driver(facts, plan, moves),
        *_no_pre_release(facts),
    )
    notes = (
        *_unknown_memory(facts),
        *_precisions(facts, plan),
        *_cudnn_ceiling(facts, plan),
        *lifetimes.moving_driver(facts, plan, moves, fits=True),
        *lifetimes.driver_life(facts, plan, moves),
        *lifetimes.system_life(facts),
        *lifetimes.python_life(facts, plan),
    )
    return msgspec.structs.replace(plan, warnings=(*plan.warnings, *warnings), notes=notes)


def _memory(facts: Facts) -> Iterator[Warning]:
    for profile in facts.profiles:
        for gpu in _each(facts.gpus):
            if (
                profile.memory_bytes
                and gpu.memory_bytes
                and gpu.memory_bytes < profile.memory_bytes
            ):
                text = (
                    f"{profile.name} asks for {_size(profile.memory_bytes)} of GPU memory "
                    f"({profile.memory_for}) and {gpu.name} has {_size(gpu.memory_bytes)}: take a "
                    "smaller model, or keep a part of it in the computer's own memory."
                )
                yield Warning("gpu-memory-too-small", text)


def _unknown_memory(facts: Facts) -> Iterator[Warning]:
    for profile in facts.profiles:
        for gpu in _each(facts.gpus):
            if profile.memory_bytes and gpu.memory_bytes is None:
                text = (
                    f"{profile.name} asks for {_size(profile.memory_bytes)} of GPU memory "
                    f"({profile.memory_for}); how much {gpu.name} has is not known."
                )
                yield Warning("gpu-memory-not-known", text)


def _no_pre_release(facts: Facts) -> Iterator[Warning]:
    """``--pre`` where nobody has looked at a pre-release."""
    names = [parse_wish(text).name for text in facts.request.requirements]
    for name in names if facts.request.pre else ():
        rows = facts.catalog.builds(name)
        if rows and not any(is_pre_release(row.version) for row in rows):
            text = f"The catalog knows no pre-release of {name}: the plan holds its releases only."
            yield Warning("no-pre-release", text)


def _size(count: int) -> str:
    return f"{count / _GIB:.1f} GiB"


def _precisions(facts: Facts, plan: Plan) -> Iterator[Warning]:
    if plan.accelerator != "cuda":
        return
    for gpu in _each(facts.gpus):
        yield Warning("gpu-precisions", precisions(facts, gpu))


def _each(gpus: Iterable[Gpu]) -> list[Gpu]:
    """One GPU of each product."""
    return list({gpu.name: gpu for gpu in gpus}.values())


def _cudnn_ceiling(facts: Facts, plan: Plan) -> Iterator[Warning]:
    """Newer cuDNN than the plan's that has dropped a GPU of the machine."""
    held = {
        (f"nvidia-cudnn-cu{pin.cuda.partition('.')[0]}", pin.cudnn)
        for pin in plan.pins
        if pin.cuda and pin.cudnn and pin.channel is None
    }
    held |= {(pin.name, pin.version) for pin in plan.pins if pin.name.startswith("nvidia-cudnn")}
    for package in sorted({name for name, _ in held}):
        newest = max((version for name, version in held if name == package), key=order)
        for gpu in _each(facts.gpus):
            ceiling = _first_without(facts, gpu, package, newest)
            if ceiling is not None:
                text = (
                    f"{package} {ceiling.version} and later have no code for {gpu.name} "
                    f"({gpu.compute_capability}): keep it below {ceiling.version}."
                )
                yield Warning("cudnn-ceiling", text)


def _first_without(facts: Facts, gpu: Gpu, package: str, held: str) -> Library | None:
    """The oldest cuDNN above the held one from which on none serves a GPU."""
    newer = [
        row
        for row in facts.catalog.libraries
        if row.package == package
        and row.platform == facts.platform
        and row.sass
        and order(row.version) > order(held)
    ]
    first: Library | None = None
    for row in sorted(newer, key=lambda row: order(row.version)):
        served = serve(gpu.name, gpu.compute_capability or "", row.sass, row.ptx, facts.tegra)
        first = None if served else (first or row)
    return first
