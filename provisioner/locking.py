"""From what was typed to a lock: resolve, let uv choose the rest, and try the next candidate.

What uv refuses, and an index that does not answer, rules builds out; the plan says so under
``refused``. Nothing here prints.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from provisioner import settings, workflow
from provisioner.lock import Lock, Uv, lock
from provisioner.plan import Plan
from provisioner.recipes.requirements import requirements
from provisioner.workflow import Asked

Told = Callable[[str], None]


class Locked(msgspec.Struct, frozen=True):
    """A plan and its lock."""

    plan: Plan
    """The plan that was locked; its ``refused`` and ``warnings`` say what had to be given up."""
    lock: Lock


def locked(asked: Asked, *, offline: bool = False, told: Told = lambda _: None) -> Locked:
    """Resolve a request and lock it, from any machine for any machine.

    ``told`` is called with a line for each thing that takes a while. Raises DlsetupError: what
    ``workflow.plan_for`` raises; RefusedError ``companions-refused`` when what the user asked for
    besides does not go with the pins; OutsideError ``index-unreachable`` within 30 seconds, and
    the rest that ``lock.Uv`` raises.
    """
    plan = workflow.plan_for(asked)
    uv = Uv(settings.current(), offline=offline)
    told(f"locking {plan.pins}")
    return Locked(plan, lock(plan, requirements(plan), workflow.catalog(), uv))
