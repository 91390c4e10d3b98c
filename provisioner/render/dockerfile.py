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
    # docs.amd.com, installing PyTorch for ROCm: containers get these devices and groups. A group's
    # name would be looked up in the image, and counts by its number there: ROCm/ROCm-docker#90.
    "rocm": " --device=/dev/kfd --device=/dev/dri"
    ' --group-add "$(getent group render | cut -d: -f3)"'
    ' --group-add "$(getent group video | cut -d: -f3)"',
}
"""What a container has to be given so that it reaches the GPUs of the host."""

_HANDED_IN = (
    "NVIDIA's container toolkit hands it in:\n# dlsetup render script nvidia-container-toolkit"
)


def text(plan: Plan, catalog: Catalog, lock: str = "", uid: int = 10001) -> str:
    """Return the Dockerfile; with a lock's digest, one that installs from it.

    ``uid`` is that of the user in the image, whoever has it in the base.

    Raises RefusedError as ``image.values`` does.
    """
    values = image.values(plan, catalog, lock)
    template = "image" if plan.via == "container" else "wheels"
    return fill(
        f"docker/{template}.Dockerfile.j2",
        uid=uid,
        handed_in=_HANDED_IN,
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
