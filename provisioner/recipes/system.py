"""The packages of the operating system that the rest stands on."""

from __future__ import annotations

from provisioner.catalog.find import system
from provisioner.catalog.load import Catalog
from provisioner.plan import Plan, Step


def steps(plan: Plan, catalog: Catalog) -> tuple[Step, ...]:
    """Return the step that installs what the system's row names, or nothing."""
    row = system(catalog, plan.machine.os.id, plan.machine.os.version)
    if row is None or not row.python_packages:
        return ()
    return (
        Step(
            id="system",
            title=f"System packages: {', '.join(row.python_packages)}",
            check=(("system_packages_present", *row.python_packages),),
            run=(("system_packages_install", *row.python_packages),),
            needs=("root", "network"),
        ),
    )
