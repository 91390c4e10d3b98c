"""The conductor of ``bench``: the machine, an environment of it, and the catalog together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from provisioner import resources, workflow
from provisioner.describe import Options
from provisioner.environments import store
from provisioner.plan import Warning
from provisioner.progress import SILENT, Progress

if TYPE_CHECKING:
    from provisioner.bench.benchmark import Benchmark, Inside


def bench(name: str | None, tell: Progress = SILENT) -> tuple[Benchmark, tuple[Warning, ...]]:
    """Measure this machine, and the frameworks of an environment where one is named.

    Raises UsageError ``bad-name`` or ``unknown-environment``, OutsideError
    ``environment-damaged``: before anything is measured.
    """
    from provisioner.bench import benchmark

    inside = _inside(name) if name is not None else None
    tell.step("looking at the machine")
    # Its warnings are about installing; what keeps from measuring is told as not measured.
    machine, _ = workflow.machine_of(Options())
    folder = resources.environments() or Path.cwd()
    return benchmark.bench(machine, workflow.catalog(), folder, inside, tell)


def _inside(name: str) -> Inside:
    from provisioner.bench.benchmark import Inside
    from provisioner.environments import interpreter

    found = store.usable(name)
    return Inside(
        name=name,
        interpreter=interpreter.inside(Path(found.path)),
        python=found.python,
        plan=found.plan,
        gpus=found.gpus,
    )
