"""``Dockerfile``: a plain base where wheels bring CUDA, else the image that has the framework."""

from __future__ import annotations

from provisioner.catalog.load import Catalog
from provisioner.plan import Plan
from provisioner.render import image
from provisioner.render.templates import fill

_DEVICES = {
    "cuda": " --gpus all",
    # docs.amd.com, installing PyTorch for ROCm: containers get these.
    "rocm": " --device=/dev/kfd --device=/dev/dri --group-add=video",
}
"""What a container has to be given so that it reaches the GPUs of the host."""


def text(plan: Plan, catalog: Catalog, format_name: str = "dockerfile") -> str:
    """Return the Dockerfile. Raises RefusedError as ``image.values`` does."""
    values = image.values(plan, catalog, format_name)
    template = "image" if plan.via == "container" else "wheels"
    return fill(
        f"docker/{template}.Dockerfile.j2",
        given=_DEVICES.get(plan.accelerator, ""),
        platform_option=f" --platform {values['platform']}" if values["platform"] else "",
        **values,
    )
