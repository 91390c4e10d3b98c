"""From pins to steps: what has to be done on a machine, in order, as plain lists of words.

A step's words are either a program with its arguments or an *action*: the name of a shell
function in ``templates/shell/actions`` with its arguments. Everything that renders or runs a
plan uses these same steps, so no two outputs can do different things.
"""

from __future__ import annotations

from provisioner.catalog.load import Catalog
from provisioner.plan import Plan, Step
from provisioner.recipes import (
    conda,
    container,
    container_toolkit,
    driver,
    fabric_manager,
    framework,
    python,
    system,
    toolkit,
    verification,
)

__all__ = ["steps_for"]


def steps_for(plan: Plan, catalog: Catalog) -> tuple[Step, ...]:
    """Return the steps of a plan in the order they are done.

    Pure: the same plan and catalog give the same steps. Raises UsageError ``bad-requirement``
    for a companion that an installer would read as an option, BadDataError ``missing-row``
    when the catalog lacks a tool that every plan needs.
    """
    before = (
        *driver.steps(plan, catalog),
        *fabric_manager.steps(plan, catalog),
        *container_toolkit.steps(plan, catalog),
    )
    if plan.is_for_host:
        return before
    if plan.via == "container":
        return (*before, *container.steps(plan))
    if plan.via == "conda":
        return (*before, *conda.steps(plan))
    return (
        *system.steps(plan, catalog),
        *toolkit.compiler(plan),
        *before,
        *python.steps(plan, catalog),
        *framework.steps(plan),
        *toolkit.ready(plan),
        *verification.steps(plan),
    )
