"""What must be seen before an environment is called ready: the plan's own verification, run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from provisioner import process
from provisioner.errors import RefusedError
from provisioner.plan import Plan

_TIME_LIMIT_S = 900.0
"""The first import of a framework reads gigabytes from a cold disk, and compiles them."""
_LAST_LINES = 6
VISIBLE = "CUDA_VISIBLE_DEVICES"
"""The variable that names the GPUs that programs see."""
_HIDE = (VISIBLE, "NVIDIA_VISIBLE_DEVICES")
_ACTION = "verify_"
_NOTE = "note: "


def prove(interpreter: Path, plan: Plan, gpus: tuple[str, ...] | None) -> tuple[str, ...]:
    """Run what a rendered script would run: versions, imports, and each framework at work.

    ``gpus`` are the UUIDs of those that may be used, None for all. Returns what should be known
    of packages that dlsetup did not choose. Raises RefusedError ``environment-not-verified`` with
    the last lines of what failed, OutsideError ``program-timed-out``.
    """
    from provisioner.render.templates import fill

    notes: list[str] = []
    for action, *arguments in _commands(plan):
        program = fill(f"shell/verify/{action.removeprefix(_ACTION)}.py.j2")
        # -I: nothing of the caller's folder or settings stands in for what was installed.
        argv = (str(interpreter), "-I", "-c", program, *arguments)
        done = process.run(argv, timeout=_TIME_LIMIT_S, env=seeing(gpus), leashed=True)
        if done.returncode != 0:
            raise _failed(plan, done)
        notes += [
            line.removeprefix(_NOTE) for line in done.stdout.splitlines() if line.startswith(_NOTE)
        ]
    return tuple(notes)


def seeing(gpus: tuple[str, ...] | None) -> dict[str, str]:
    """Return this process's environment, in which just those GPUs can be seen."""
    kept = {name: value for name, value in os.environ.items() if name not in _HIDE}
    return kept if gpus is None else {**kept, VISIBLE: ",".join(gpus)}


def _commands(plan: Plan) -> Iterator[tuple[str, ...]]:
    for step in plan.steps:
        yield from (command for command in step.run if command[0].startswith(_ACTION))


def _failed(plan: Plan, done: process.Completed) -> RefusedError:
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    ended = f"it was ended by signal {-done.returncode}" if done.returncode < 0 else ""
    return RefusedError(
        "environment-not-verified",
        "What was installed does not work, and was taken away again.",
        context=tuple(line for line in (*lines[-_LAST_LINES:], ended) if line),
        hint="Ask for other versions, or for the processor alone (--gpu none)"
        if plan.accelerator != "cpu"
        else "Ask for other versions",
        data={"plan": plan},
    )
