"""Frameworks at work in an environment: matrix products by precision, and a training step.

Programs of our own run in the environment's interpreter; they read one JSON text and print lines.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from provisioner import process
from provisioner.bench.gpus import Device
from provisioner.bench.lines import Told, lines_of, told
from provisioner.bench.runs import NotMeasured
from provisioner.detect import driver_child
from provisioner.errors import OutsideError
from provisioner.plan import Pin

_PROGRAMS = {
    "torch": "torch",
    "tensorflow": "tensorflow",
    "tensorflow-cpu": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "nvidia-tensorflow": "tensorflow",
    "jax": "jax",
}
"""The frameworks whose work is measured, and the program that does it."""
_MULTIPLIED = ("fp64", "fp32", "tf32", "bf16", "fp16")
"""The number formats that the frameworks' own matrix product takes."""
_TIME_LIMIT_S = 300.0
"""The first import of a framework reads gigabytes from a cold disk, and compiles them."""
_LEAST_S, _MOST_S = 0.3, 2.0
_ON_CPU = 2
"""Measures of each framework on the processor."""

Precisions = Callable[[Device], Sequence[str]]
"""A GPU → the number formats that it is known to compute in, empty where nobody knows."""


def programs(pins: Sequence[Pin]) -> tuple[str, ...]:
    """Return which of the programs have their framework among some pins."""
    return tuple(dict.fromkeys(_PROGRAMS[pin.name] for pin in pins if pin.name in _PROGRAMS))


def work(
    program: str,
    interpreter: Path,
    gpus: Sequence[Device],
    precisions: Precisions,
    budget_s: float,
) -> Told:
    """Measure one framework on the processor and on each of ``gpus``.

    About ``budget_s`` seconds, the framework's own start left out. What failed is told as not
    measured.
    """
    from provisioner.render.templates import fill

    formats = [_multiplied(precisions(device)) for device in gpus]
    measures = _ON_CPU + sum(len(listed) + 1 for listed in formats)
    seconds = min(_MOST_S, max(_LEAST_S, budget_s / measures))
    asked = json.dumps({"seconds": seconds, "gpus": formats})
    # -I: nothing of the caller's folder or settings stands in for what was installed.
    argv = (str(interpreter), "-I", "-c", fill(f"bench/{program}.py.j2"), asked)
    try:
        done = process.run(argv, timeout=_TIME_LIMIT_S, env=_seeing(gpus), leashed=True)
        why = _ending(done)
    except process.ProgramTimedOutError as late:
        done, why = late.partial, f"it did not finish within {_TIME_LIMIT_S:g} seconds"
    except OutsideError as problem:
        done, why = process.Completed(1, "", ""), problem.message
    lines = lines_of(done.stdout)
    labels = {number: device.label for number, device in enumerate(gpus)}
    answer = told(lines, labels, program)
    for error in (*(line.error for line in lines if line.error), why):
        if error:
            answer.missing.append(NotMeasured(f"the rest of {program}", error))
    return answer


def left_out(gpus: Sequence[Device], precisions: Precisions) -> list[NotMeasured]:
    """Return the number formats that a GPU computes in and no framework's plain product takes."""
    found = []
    for device in gpus:
        listed = precisions(device)
        rest = [name for name in listed if name not in _MULTIPLIED]
        if rest:
            name = f"matmul {', '.join(rest)} on {device.label}"
            why = "the frameworks' own matrix product does not take them"
            found.append(NotMeasured(name, why))
        if not listed:
            name = f"matmul in other formats than fp32 on {device.label}"
            found.append(NotMeasured(name, "the catalog does not know what it computes in"))
    return found


def _multiplied(known: Sequence[str]) -> list[str]:
    return [name for name in _MULTIPLIED if name in known] or ["fp32"]


def _seeing(gpus: Sequence[Device]) -> Mapping[str, str]:
    """The environment in which a program sees just these GPUs, numbered in this order."""
    env = driver_child.environment() | {
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    }
    uuids = [device.gpu.uuid for device in gpus if device.gpu.uuid]
    if len(uuids) == len(gpus):
        env["CUDA_VISIBLE_DEVICES"] = ",".join(uuids)
    if not gpus:
        env["JAX_PLATFORMS"] = "cpu"
    return env


def _ending(done: process.Completed) -> str:
    if done.returncode < 0:
        return f"it was ended by signal {-done.returncode}"
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        return lines[-1].strip()[:200] if lines else f"status {done.returncode}"
    return ""
