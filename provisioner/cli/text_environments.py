"""Environments for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from provisioner.cli.catalog.layout import size
from provisioner.cli.display import Block
from provisioner.environments.record import Environment

if TYPE_CHECKING:
    from provisioner.upgrade import Upgrade

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


def state_block(environment: Environment) -> Block:
    """What becomes of an environment while it is there: its size, its proof, what is kept."""
    kept = [number for number in environment.kept if number != environment.generation]
    rows = [
        ("size", _size(environment)),
        ("last verify", _last_verify(environment)),
        *(
            ("kept", f"generation {number}: dlsetup env rollback {environment.name} {number}")
            for number in kept
        ),
    ]
    return Block("State", tuple(row for row in rows if row[1]))


def _size(environment: Environment) -> str:
    if environment.size is None:
        return ""
    shared = size(environment.size.shared_bytes) if environment.size.shared_bytes else ""
    told = f", {shared} of it in files that uv's cache or another has too" if shared else ""
    return f"{size(environment.size.bytes)}{told}"


def _last_verify(environment: Environment) -> str:
    last = environment.last_verify
    return f"{'passed' if last.result == 'pass' else 'failed'} at {last.time}" if last else ""


def upgrade_line(found: Upgrade, environment: Environment, *, changed: bool, dry_run: bool) -> str:
    """What came of an upgrade."""
    name, number = environment.name, environment.generation
    if not found.needed:
        return f"Nothing changed: {name} is what its request comes to today."
    if changed:
        back = f"dlsetup env rollback {name}"
        return f"{name} is ready: generation {number} was seen to work. To go back: {back}"
    if dry_run:
        return f"{name} would be made anew:"
    return f"Nothing changed: {name} stays at generation {number}."


def upgrade_blocks(found: Upgrade) -> list[Block]:
    """What an upgrade changes, package by package."""
    rows = [
        (change.name, f"{change.before or 'not there'} → {change.after or 'not there'}")
        for change in found.changes
    ]
    why = ("no version", "it was changed since it was made, or did not work any more")
    return [Block(f"What changes in {found.environment.name}", tuple(rows or [why]))]


def rollback_line(environment: Environment, *, changed: bool) -> str:
    """What came of a rollback."""
    number = environment.generation
    if not changed:
        return f"Nothing changed: {environment.name} is at generation {number} already."
    return f"{environment.name} is at generation {number} again."


def closing_line(environment: Environment, *, changed: bool) -> str:
    """What ``up`` says first: what came of it."""
    if changed:
        return f"{environment.name} is ready: what dlsetup chose for it was seen to work."
    return f"Nothing changed: {environment.name} is already what was asked for."


def list_lines(environments: Sequence[Environment]) -> Iterator[str]:
    """The lines of ``env list``: name, Python, what it computes on, its size, what it holds."""
    if not environments:
        yield _NONE
        return
    rows = [
        (
            made.name,
            f"python {made.python}",
            made.plan.accelerator,
            size(made.size.bytes) if made.size else "",
            _holds(made),
        )
        for made in environments
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(4)]
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row[:-1], widths, strict=True)]
        yield "  ".join([*cells, row[-1]]).rstrip()


def _holds(environment: Environment) -> str:
    plan = environment.plan
    pins = [f"{pin.name} {pin.version}" for pin in plan.pins]
    return ", ".join(pins or plan.request.companions)
