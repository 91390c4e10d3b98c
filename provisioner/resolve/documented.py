"""Intel's and Apple's GPUs: a build is promised where its publisher's document names the GPU.

What such a build holds cannot be listed as targets: the document is all that is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from provisioner.catalog.rows import Build
from provisioner.catalog.support import Support
from provisioner.machine import Gpu
from provisioner.plan import Serve, Warning
from provisioner.request import admits
from provisioner.resolve.accelerators import called
from provisioner.resolve.candidates import GPU, Need
from provisioner.resolve.facts import Facts
from provisioner.version import numbers, public


def serve(facts: Facts, gpu: Gpu, row: Build) -> Serve | None:
    """Return how a build serves one of Intel's GPUs, or None."""
    for support in _of(facts, row, "xpu"):
        if _names(support, gpu) and _runs_here(facts, support):
            return Serve(gpu.name, gpu.architecture or "", "validated")
    return None


def needs(facts: Facts, row: Build) -> Iterator[Need]:
    """Yield what speaks against an XPU build on the machine's GPUs."""
    supports = tuple(_of(facts, row, "xpu"))
    for gpu in facts.devices:
        if serve(facts, gpu, row) is None:
            yield Need(
                on=GPU,
                reference="gpu-not-validated",
                reason=_missing(facts, gpu, supports),
                evidence=supports[-1].evidence if supports else row.evidence,
                failed=True,
            )


def warnings(facts: Facts, rows: Iterable[Build]) -> Iterator[Warning]:
    """Yield what to know of a plan on Intel's GPUs."""
    text = "Intel's GPU driver is neither looked at nor installed: the machine has to have it"
    yield Warning("gpu-driver-not-checked", f"{text}, its user-mode part too.")
    here = facts.machine.os_name
    for row in rows:
        for gpu in dict.fromkeys(facts.devices):
            found = [item for item in _of(facts, row, "xpu") if _names(item, gpu)]
            named = list(dict.fromkeys(name for item in found for name in item.systems))
            if named and here not in named:
                told = f"{row.framework} {row.version} was validated with {gpu.name}"
                yield Warning("system-not-validated", f"{told} on {', '.join(named)}; not {here}.")


def on_apple(facts: Facts, row: Build) -> Support | None:
    """Return what says that a build computes on the GPU of Apple's processors here, or None."""
    if row.platform != "macos-aarch64":
        return None
    version = numbers(facts.machine.os.version)
    supports = _of(facts, row, "mps")
    return next((item for item in supports if version >= _floor(facts, item.system_floor)), None)


def _floor(facts: Facts, version: str | None) -> tuple[int, ...]:
    # macOS 14 is asked for as "14": it is held against as many numbers as it has.
    return numbers(version or "0")[: len(numbers(facts.machine.os.version))]


def _of(facts: Facts, row: Build, accelerator: str) -> Iterator[Support]:
    for support in facts.catalog.support:
        if (
            support.accelerator == accelerator
            and row.framework in support.frameworks
            and admits(support.version, public(row.version))
        ):
            yield support


def _names(support: Support, gpu: Gpu) -> bool:
    return gpu.architecture in support.gpus and support.named in gpu.name


def _runs_here(facts: Facts, support: Support) -> bool:
    """Whether the document leaves room for the system: WSL2 it has to name."""
    here = facts.machine.os
    if here.wsl:
        return facts.machine.os_name in support.systems
    return f"{here.id}-{here.version}" not in support.not_systems


def _missing(facts: Facts, gpu: Gpu, supports: tuple[Support, ...]) -> str:
    if not supports:
        return f"no document says which of Intel's GPUs it was validated with, {gpu.name} or other"
    if any(_names(support, gpu) for support in supports):
        systems = [name for item in supports if _names(item, gpu) for name in item.systems]
        told = ", ".join(dict.fromkeys(systems)) or "Linux"
        return f"its document names {gpu.name} with {told}, not with {facts.machine.os_name}"
    families = [name for support in supports for name in support.gpus]
    listed = ", ".join(dict.fromkeys(families))
    return f"it was not validated with {called(gpu)}, only with {listed}"
