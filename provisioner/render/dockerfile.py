"""``Dockerfile``: a plain base where wheels bring CUDA, else the image that has the framework."""

from __future__ import annotations

from hashlib import sha256

from provisioner.catalog.load import Catalog
from provisioner.plan import Plan
from provisioner.render import image
from provisioner.render.formats import RenderedFile
from provisioner.render.templates import fill

_DEVICES = {
    "cuda": " --gpus all",
    # docs.amd.com, installing PyTorch for ROCm: containers get these.
    "rocm": " --device=/dev/kfd --device=/dev/dri --group-add=video",
}
"""What a container has to be given so that it reaches the GPUs of the host."""


def text(plan: Plan, catalog: Catalog, lock: str = "") -> str:
    """Return the Dockerfile; with a lock's digest, one that installs from it.

    Raises RefusedError as ``image.values`` does.
    """
    values = image.values(plan, catalog, lock)
    template = "image" if plan.via == "container" else "wheels"
    return fill(
        f"docker/{template}.Dockerfile.j2",
        given=_DEVICES.get(plan.accelerator, ""),
        platform_option=f" --platform {values['platform']}" if values["platform"] else "",
        **values,
    )


def locked(plan: Plan, catalog: Catalog, lock: str) -> tuple[RenderedFile, ...]:
    """Return the Dockerfile and, beside it, the lock whose packages it installs and no others."""
    digest = sha256(lock.encode()).hexdigest()
    return (
        RenderedFile("Dockerfile", text(plan, catalog, lock=digest)),
        RenderedFile("pylock.toml", lock),
    )
