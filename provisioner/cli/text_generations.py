"""Generations of an environment, for people: its size, its proof, what changes, what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provisioner.cli.display import Block
from provisioner.cli.text_environments import kept_lines
from provisioner.environments.record import Environment
from provisioner.sizes import human

if TYPE_CHECKING:
    from provisioner.upgrade import Upgrade


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
    shared = human(environment.size.shared_bytes) if environment.size.shared_bytes else ""
    told = f", {shared} of it in files that uv's cache or another has too" if shared else ""
    return f"{human(environment.size.bytes)}{told}"


def _last_verify(environment: Environment) -> str:
    last = environment.last_verify
    return f"{'passed' if last.result == 'pass' else 'failed'} at {last.time}" if last else ""


def upgrade_line(found: Upgrade, environment: Environment, *, changed: bool) -> str:
    """What came of an upgrade."""
    name, number = environment.name, environment.generation
    if found.intent.there is not None:
        return f"Nothing changed: {name} is what its request comes to today."
    if changed:
        ready = f"{name} is ready: generation {number} was seen to work."
        return "\n".join((ready, *kept_lines(environment)))
    return f"{name} would be made anew:"


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
