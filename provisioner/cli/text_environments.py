"""Environments for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provisioner.cli.display import Block
from provisioner.environments.record import Environment

_NONE = "There is no environment. Make one: dlsetup up NAME REQ"


def environment_blocks(environment: Environment) -> list[Block]:
    """The block that describes one environment."""
    plan = environment.plan
    rows = [
        ("holds", _holds(environment)),
        ("companions", ", ".join(plan.request.companions)),
        ("python", environment.python),
        ("computes on", plan.accelerator + (f" {plan.cuda}" if plan.cuda else "")),
        ("place", environment.path),
        ("generation", str(environment.generation)),
        *(("note", note) for note in environment.notes),
        ("use it", f"dlsetup env run {environment.name} -- python"),
    ]
    return [Block(f"Environment {environment.name}", tuple(row for row in rows if row[1]))]


def closing_line(environment: Environment, *, changed: bool) -> str:
    """What ``up`` says first: what came of it."""
    if changed:
        return f"{environment.name} is ready: what dlsetup chose for it was seen to work."
    return f"Nothing changed: {environment.name} is already what was asked for."


def list_lines(environments: Sequence[Environment]) -> Iterator[str]:
    """The lines of ``env list``: name, Python, what it computes on, what it holds."""
    if not environments:
        yield _NONE
        return
    rows = [
        (made.name, f"python {made.python}", made.plan.accelerator, _holds(made))
        for made in environments
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(3)]
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row[:-1], widths, strict=True)]
        yield "  ".join([*cells, row[-1]]).rstrip()


def _holds(environment: Environment) -> str:
    plan = environment.plan
    pins = [f"{pin.name} {pin.version}" for pin in plan.pins]
    return ", ".join(pins or plan.request.companions)
