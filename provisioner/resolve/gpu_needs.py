"""What a build needs of the GPUs and of the driver: the rules that choose between builds."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog.rows import Build, Conflict
from provisioner.plan import Serve
from provisioner.request import admits
from provisioner.resolve.candidates import DRIVER, GPU, Need
from provisioner.resolve.facts import Facts, highest
from provisioner.resolve.serving import serve
from provisioner.version import capability_of, numbers, public


def needs_of_gpus(facts: Facts, row: Build, serves: tuple[Serve, ...]) -> Iterator[Need]:
    """Yield what speaks against a build on these GPUs: all of it is decided by facts alone."""
    if not facts.gpus:
        return
    if row.cuda is None:
        unknown = bool(row.unknown)
        yield Need(
            on=GPU,
            reference="unknown-cuda" if unknown else "cpu-only-wheel",
            reason="nobody knows which CUDA it is built for"
            if unknown
            else "it is a build without CUDA and would leave the GPU idle",
            evidence=row.evidence,
            failed=True,
        )
        return
    elsewhere = tuple(needs_of_tegra(facts))
    yield from elsewhere
    if not serves and not elsewhere:
        yield _unserved(facts, row)
    for gpu in facts.gpus:
        capability = gpu.compute_capability or ""
        if reason := _cudnn_refuses(facts, row, capability):
            yield Need(
                on=GPU,
                reference="cudnn-too-new",
                reason=reason[0],
                evidence=reason[1],
                failed=True,
            )


def needs_of_tegra(facts: Facts) -> Iterator[Need]:
    """Yield what speaks against anything built for x86_64 on a part that sits on Arm boards."""
    for gpu in facts.gpus:
        capability = gpu.compute_capability or ""
        if capability in facts.tegra and facts.machine.arch == "x86_64":
            yield Need(
                on=GPU,
                reference="aarch64-jetson",
                reason=f"{gpu.name} ({capability}) is a Tegra part: nothing for x86_64 is for it",
                evidence=facts.architectures[capability].evidence,
                failed=True,
            )


def known_failures(facts: Facts, row: Build) -> Iterator[Need]:
    """Yield the combinations with these GPUs that the rules allow and that are known to fail."""
    for gpu in facts.gpus:
        for conflict in _conflicts(facts, row, gpu.compute_capability or "", "refuse"):
            yield Need(
                on=GPU,
                reference=conflict.reference,
                reason=f"{gpu.name}: {conflict.reason}",
                evidence=conflict.evidence,
                failed=True,
            )


def _unserved(facts: Facts, row: Build) -> Need:
    for gpu in facts.gpus:
        capability = gpu.compute_capability or ""
        if serve(gpu.name, capability, row.sass, row.ptx, facts.tegra):
            continue
        if not row.sass and not row.ptx:
            reason = f"nobody has read which GPUs it holds code for, {gpu.name} among them"
            return Need(
                on=GPU,
                reference="unknown-architectures",
                reason=reason,
                evidence=row.evidence,
                failed=True,
            )
        listed = " ".join(row.sass + row.ptx)
        tegra = capability in facts.tegra
        more = "; Tegra parts are served only by builds made for them" if tegra else ""
        return Need(
            on=GPU,
            reference="aarch64-jetson" if tegra else _which_end(row, capability),
            reason=f"it holds code for {listed}: nothing that runs on {gpu.name} ({capability})"
            + more,
            evidence=row.evidence,
            failed=True,
        )
    raise AssertionError("asked why a build that serves every GPU does not")


def _which_end(row: Build, capability: str) -> str:
    """Whether a GPU is older or newer than all code of a build, or falls into a gap."""
    targets = [numbers(capability_of(arch)[0]) for arch in row.sass + row.ptx]
    if numbers(capability) < min(targets):
        return "gpu-too-old"
    return "gpu-too-new" if numbers(capability) > max(targets) else "gpu-unsupported"


def _cudnn_refuses(facts: Facts, row: Build, capability: str) -> tuple[str, str] | None:
    """Why the cuDNN that a build is bound to has no code for a GPU, and the evidence.

    None if it has, or if nobody read that cuDNN.
    """
    if not row.cudnn or not row.cuda or capability in facts.tegra:
        return None
    bound = facts.cudnn_read(row.cuda.split(".")[0], row.cudnn)
    if not bound or any(
        serve("", capability, library.sass, library.ptx, facts.tegra) for library in bound
    ):
        return None
    shown = bound[-1]
    reason = f"it is bound to cuDNN {row.cudnn}, which has no code for capability {capability}"
    return reason, shown.evidence


def _conflicts(facts: Facts, row: Build, capability: str, effect: str) -> Iterator[Conflict]:
    for conflict in facts.catalog.conflicts:
        if (
            conflict.effect == effect
            and not conflict.gfx
            and (not conflict.frameworks or row.framework in conflict.frameworks)
            and (not conflict.cuda or (row.cuda and admits(conflict.cuda, row.cuda)))
            and (not conflict.cudnn or (row.cudnn and admits(conflict.cudnn, row.cudnn)))
            and admits(conflict.compute_capability, capability)
            and (not conflict.version or admits(conflict.version, public(row.version)))
        ):
            yield conflict


def flaws(facts: Facts, row: Build) -> Iterator[Conflict]:
    """Known flaws of a build on these GPUs that do not forbid it."""
    for capability in sorted({gpu.compute_capability or "" for gpu in facts.gpus}):
        yield from _conflicts(facts, row, capability, "warn")


def needs_of_driver(facts: Facts, row: Build, serves: tuple[Serve, ...]) -> Iterator[Need]:
    """Yield the driver a build needs.

    Minor-version compatibility is enough for machine code, PTX needs the driver that came with
    the build's CUDA, and the publisher may ask for more.
    """
    if not facts.gpus or row.cuda is None:
        return
    floor = facts.floor_of(row.cuda)
    if floor is None:
        reason = f"nobody knows which driver CUDA {row.cuda} needs"
        yield Need(on=DRIVER, reference="unknown-cuda", reason=reason, failed=True)
        return
    reason = f"CUDA {row.cuda} needs driver {floor} or later"
    stated = [floor]
    if row.driver_floor and not facts.has_windows_driver:
        stated.append(row.driver_floor)
    compiled = [serve for serve in serves if serve.kind == "ptx"]
    if compiled:
        compiler = facts.compiler_floor_of(row.cuda)
        if compiler is None:
            reason = f"nobody knows which driver compiles the PTX of CUDA {row.cuda}"
            yield Need(on=DRIVER, reference="unknown-cuda", reason=reason, failed=True)
            return
        stated.append(compiler)
    floor = highest(stated) or floor
    if floor == stated[-1] and compiled:
        reason = (
            f"{compiled[0].gpu} runs its PTX ({compiled[0].by}) only, "
            f"which driver {floor} or later compiles"
        )
    elif floor == row.driver_floor:
        reason = f"its publisher asks for driver {floor} or later"
    yield Need(
        on=DRIVER,
        reference="driver-too-old",
        reason=reason,
        evidence=facts.cuda_within(row.cuda)[-1].evidence,
        floor=floor,
    )
