"""The fabric manager: where NVSwitches join the GPUs, CUDA starts only under it."""

from __future__ import annotations

from provisioner.catalog import beside
from provisioner.catalog.load import Catalog
from provisioner.plan import Plan, Step


def steps(plan: Plan, catalog: Catalog) -> tuple[Step, ...]:
    """Return the step that makes it equal to the driver, for GPUs that may sit beside a switch.

    The script looks for the switch itself. Nothing where dlsetup cannot see it, or knows no
    package: there the plan warns.
    """
    if plan.accelerator != "cuda" or plan.machine.os.wsl:
        return ()
    known = beside.fabric_managers(catalog, plan.machine)
    switches = beside.switches(catalog, plan.machine)
    devices = tuple(row.device for row in switches if row.device and not row.needs)
    if not known or not devices:
        return ()
    return (
        Step(
            id="fabric",
            title="Fabric manager of the driver's version, where NVSwitches are",
            check=(("fabric_manager_fits", *devices),),
            run=(("fabric_manager_install", *known),),
            needs=("root", "network"),
        ),
    )
