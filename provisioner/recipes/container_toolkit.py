"""The NVIDIA Container Toolkit: containers of this machine see its GPUs, and keep them."""

from __future__ import annotations

from provisioner.catalog import beside
from provisioner.catalog.load import Catalog
from provisioner.errors import BadDataError
from provisioner.plan import Plan, Step

NAME = "nvidia-container-toolkit"


def steps(plan: Plan, catalog: Catalog) -> tuple[Step, ...]:
    """Return the steps that install it and tell Docker and CDI of the GPUs, where it is asked for.

    Raises BadDataError ``bad-plan`` for a system that the catalog has no packages for: a plan that
    dlsetup made has none of those.
    """
    if NAME not in plan.request.host:
        return ()
    row = beside.toolkit(catalog, plan.machine)
    if row is None:
        raise BadDataError(
            "bad-plan",
            f"The catalog knows no {NAME} for {plan.machine.os_name}.",
            hint="Make the plan again: dlsetup resolve --json",
        )
    trusted = (NAME, row.address, row.key, row.fingerprint, NAME)
    return (
        Step(
            id="container_toolkit",
            title=f"NVIDIA Container Toolkit {row.version.partition('-')[0]}",
            check=(("container_toolkit_fits", row.version, NAME),),
            run=(
                ("container_toolkit_wanted", row.version),
                ("repository_add", *trusted),
                ("container_toolkit_install", row.version, *row.packages),
            ),
            needs=("root", "network"),
        ),
        Step(
            id="containers",
            title="Docker and CDI know the GPUs",
            check=(("containers_see_gpus",),),
            run=(("containers_configure",),),
            needs=("root",),
        ),
    )
