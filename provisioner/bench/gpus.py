"""The copies of NVIDIA's GPUs, measured by the driver's library in a process of its own."""

from __future__ import annotations

import os

import msgspec

from provisioner import process
from provisioner.bench.lines import Line, Told, lines_of, told
from provisioner.bench.runs import NotMeasured
from provisioner.detect import driver_child
from provisioner.errors import OutsideError
from provisioner.machine import Gpu, Machine

_COPIES = "copies"
_KINDS = 3
_START_S = 60.0
"""A driver that sleeps takes seconds for each GPU to wake up."""


class Device(msgspec.Struct, frozen=True):
    """One GPU and what the report calls it."""

    label: str
    """``gpu 0``, in the order of ``dlsetup detect``."""
    gpu: Gpu


def devices(machine: Machine, uuids: tuple[str, ...] | None = None) -> tuple[Device, ...]:
    """Return NVIDIA's GPUs of a machine, or those of them that ``uuids`` name."""
    nvidia = [gpu for gpu in machine.gpus if gpu.vendor == "nvidia"]
    listed = (Device(f"gpu {number}", gpu) for number, gpu in enumerate(nvidia))
    return tuple(item for item in listed if uuids is None or item.gpu.uuid in uuids)


def copies(found: tuple[Device, ...], budget_s: float) -> Told:
    """Measure the copies to, from and on each GPU; what failed is told as not measured."""
    share = budget_s / (_KINDS * len(found))
    argv = driver_child.command(__file__, "gpu_child.py", str(share))
    limit = _START_S + 10 * budget_s
    try:
        done = process.run(argv, timeout=limit, env=driver_child.environment())
        why = _ending(done)
    except process.ProgramTimedOutError as late:
        done, why = late.partial, f"the driver did not answer within {limit:g} seconds"
    except OutsideError as problem:
        done, why = process.Completed(1, "", ""), problem.message
    lines = lines_of(done.stdout)
    why = next((line.error for line in lines if line.error), why)
    answer = told(lines, numbering(found, lines))
    for device in found:
        if not any(one.device == device.label for one in answer.results) and why:
            answer.missing.append(NotMeasured(f"{_COPIES} on {device.label}", why))
    return answer


def numbering(found: tuple[Device, ...], lines: list[Line]) -> dict[int, str]:
    """Return the labels of the GPUs by the driver's own numbers.

    By UUID; where it tells none, by the order, which is that of the bus for both.
    """
    seen = [line.gpu for line in lines if line.gpu]
    by_uuid = {device.gpu.uuid: device.label for device in found if device.gpu.uuid}
    if any(gpu.uuid in by_uuid for gpu in seen):
        return {gpu.index: by_uuid[gpu.uuid] for gpu in seen if gpu.uuid in by_uuid}
    if len(seen) == len(found):
        return {gpu.index: one.label for gpu, one in zip(seen, found, strict=True)}
    return {}


def _ending(done: process.Completed) -> str:
    if done.returncode < 0:
        return f"the driver's library crashed (signal {-done.returncode})"
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
    hidden = " (CUDA_VISIBLE_DEVICES is set)" if "CUDA_VISIBLE_DEVICES" in os.environ else ""
    return f"the driver's library shows no such GPU{hidden}"
