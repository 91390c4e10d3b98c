"""``apptainer.def``: the image of a plan as clusters run it, without a daemon and without root."""

from __future__ import annotations

from provisioner.catalog.load import Catalog
from provisioner.plan import Plan
from provisioner.render import image
from provisioner.render.templates import fill

_OPTIONS = {"cuda": " --nv", "rocm": " --rocm"}
"""What makes Apptainer hand in the driver and the GPUs of the host."""


def text(plan: Plan, catalog: Catalog) -> str:
    """Return the definition file. Raises RefusedError as ``image.values`` does."""
    return fill(
        "docker/apptainer.def.j2",
        option=_OPTIONS.get(plan.accelerator, ""),
        **image.values(plan, catalog, "apptainer"),
    )
