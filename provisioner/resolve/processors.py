"""What a build needs of the processor: instruction sets such as AVX."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog.rows import Build
from provisioner.machine import Cpu
from provisioner.resolve.candidates import CPU, Need
from provisioner.resolve.facts import Facts

_WITH_AVX = ("x86_64_v3", "x86_64_v4")
"""Levels of the x86-64 psABI that hold AVX and AVX2; those below may have them or not."""


def has(cpu: Cpu, flag: str) -> bool | None:
    """Whether a processor has an instruction set; None where nobody has said."""
    if cpu.flags:
        return flag in cpu.flags
    return True if cpu.level in _WITH_AVX and flag in {"avx", "avx2"} else None


def needs(facts: Facts, row: Build) -> Iterator[Need]:
    """Yield the instruction sets that a build needs and the processor is known to lack."""
    for flag in row.cpu:
        if has(facts.machine.cpu, flag) is False:
            yield Need(
                on=CPU,
                reference=f"no-{flag}",
                reason=f"it needs a CPU with {flag.upper()}",
                evidence=row.evidence,
                failed=True,
            )


def notes(facts: Facts, row: Build) -> Iterator[str]:
    """Yield the instruction sets that a build needs and nobody has said the processor has."""
    for flag in row.cpu:
        if has(facts.machine.cpu, flag) is None:
            yield f"it needs a CPU with {flag.upper()}, and nobody has said whether this one has it"
