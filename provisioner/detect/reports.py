"""What the NVIDIA driver says of itself and its GPUs, through NVML or nvidia-smi."""

from __future__ import annotations

import msgspec


class GpuFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One NVIDIA GPU as NVML or nvidia-smi tells it, before it is joined with the bus."""

    name: str | None = None
    uuid: str | None = None
    memory_bytes: int | None = None
    capability: tuple[int, int] | None = None
    architecture: str | None = None
    slot: str | None = None
    device: int | None = None
    """Device and vendor in one number, ``0x220410de``."""
    subsystem: int | None = None
    mig: bool | None = None


class NvmlReport(msgspec.Struct, frozen=True, kw_only=True):
    """What NVML said before it ended; ``error`` is its own text or ours about its end."""

    driver: str | None = None
    cuda: str | None = None
    gpus: tuple[GpuFacts, ...] = ()
    error: str | None = None
    code: int | None = None


class SmiReport(msgspec.Struct, frozen=True, kw_only=True):
    """What nvidia-smi said; ``library`` is the version it names in a mismatch, often shortened."""

    driver: str | None = None
    cuda: str | None = None
    library: str | None = None
    gpus: tuple[GpuFacts, ...] = ()
    error: str | None = None
    mismatch: bool = False
