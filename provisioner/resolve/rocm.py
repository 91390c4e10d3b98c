"""AMD's GPUs: a build runs on exactly the targets that it was compiled for.

A list of targets is a set: code for gfx1030 is not code for gfx1031. Telling ROCm that a GPU is
another one has ended in page faults and hangs, so no plan ever rests on that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from provisioner.catalog.rows import Build, Conflict
from provisioner.machine import Gpu
from provisioner.plan import Serve, Warning
from provisioner.request import admits
from provisioner.resolve.accelerators import called
from provisioner.resolve.candidates import GPU, Need
from provisioner.resolve.facts import Facts
from provisioner.version import numbers, public

_FAMILY = 5
"""Letters that targets of one family share: ``gfx10`` and the digit after it."""


def serve(gpu: Gpu, row: Build) -> Serve | None:
    """Return how a build serves a GPU, or None."""
    target = gpu.architecture or ""
    return Serve(gpu.name, target, "sass") if target in row.gfx else None


def is_unread(row: Build) -> bool:
    """Whether nobody has read which GPUs a build holds code for."""
    return not row.gfx


def needs(facts: Facts, row: Build) -> Iterator[Need]:
    """Yield what speaks against a ROCm build on the machine's GPUs."""
    if facts.machine.os.wsl:
        reason = "nobody has said that it reaches an AMD GPU through WSL2"
        yield _refusal("gpu-unsupported", reason, row.evidence)
    for gpu in facts.devices:
        for conflict in _conflicts(facts, row, gpu, "refuse"):
            reason = f"{gpu.name}: {conflict.reason}"
            yield _refusal(conflict.reference, reason, conflict.evidence)
        if serve(gpu, row):
            continue
        if is_unread(row):
            reason = f"nobody has read which GPUs it holds code for, {gpu.name} among them"
            yield _refusal("unknown-architectures", reason, row.evidence)
        else:
            yield _refusal("gfx-not-in-build", _missing(gpu, row), row.evidence)


def warnings(facts: Facts, rows: Iterable[Build]) -> Iterator[Warning]:
    """Yield what to know of a plan on AMD's GPUs."""
    text = "The amdgpu kernel driver is neither looked at nor installed: the machine has to have it"
    yield Warning("gpu-driver-not-checked", f"{text}, and the user access to /dev/kfd.")
    for row in rows:
        for gpu in dict.fromkeys(facts.devices):
            said = _official(facts, gpu)
            if row.gfx and row.rocm and not _covers(said, row.rocm):
                text = f"{row.framework} {row.version} holds code for {called(gpu)}"
                told = f"AMD's documents on ROCm {row.rocm}, as far as read, do not list it"
                yield Warning("rocm-not-official", f"{text}; {told}.")
            for conflict in _conflicts(facts, row, gpu, "warn"):
                yield Warning(conflict.reference, f"{gpu.name}: {conflict.reason}")


def _missing(gpu: Gpu, row: Build) -> str:
    target = gpu.architecture or ""
    near = [name for name in row.gfx if name[:_FAMILY] == target[:_FAMILY]]
    text = f"it holds no code for {called(gpu)}"
    if near:
        text += f" ({near[0]}'s passed off as its own is known to fault or hang)"
    return f"{text}, only for {' '.join(row.gfx)}"


def _conflicts(facts: Facts, row: Build, gpu: Gpu, effect: str) -> Iterator[Conflict]:
    for conflict in facts.catalog.conflicts:
        if (
            conflict.effect == effect
            and gpu.architecture in conflict.gfx
            and (not conflict.frameworks or row.framework in conflict.frameworks)
            and row.rocm
            and admits(conflict.rocm, row.rocm)
            and (not conflict.version or admits(conflict.version, public(row.version)))
        ):
            yield conflict


def _official(facts: Facts, gpu: Gpu) -> str:
    """In which ROCm releases AMD's documents list a GPU's target, in the catalog's words."""
    rows = [row for row in facts.catalog.gpus if row.architecture == gpu.architecture]
    mine = [row for row in rows if f"{row.vendor}:{row.device}" == gpu.pci_id]
    return next((row.official_rocm for row in (*mine, *rows) if row.official_rocm), "")


def _covers(said: str, rocm: str) -> bool:
    """Whether ``6.0-7.2`` names a release; ``5.x-7.2+`` goes on. Other words do not."""
    first, dash, last = said.partition("-")
    begin, end = first.removesuffix(".x"), last.removesuffix("+")
    if not dash or not _is_release(begin) or not _is_release(end):
        return False
    release = numbers(rocm)[:2]
    return numbers(begin) <= release and (last.endswith("+") or release <= numbers(end))


def _is_release(text: str) -> bool:
    return text.replace(".", "").isdecimal()


def _refusal(reference: str, reason: str, evidence: str) -> Need:
    return Need(on=GPU, reference=reference, reason=reason, evidence=evidence, failed=True)
