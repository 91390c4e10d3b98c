"""The error for a name that has no builds: what it could have been meant to be."""

from __future__ import annotations

from provisioner.catalog.load import Catalog
from provisioner.errors import UsageError
from provisioner.lookup.question import KINDS, names_a_gpu, near, shown

_COMPONENTS = {
    "nvidia-container-toolkit": "It is for the machine itself: "
    "dlsetup resolve nvidia-container-toolkit",
    "cudnn": "Each build names its cuDNN: dlsetup catalog show torch",
    "nvcc": "Its targets and host compilers stand with its CUDA: dlsetup catalog show cuda",
}


def unknown(catalog: Catalog, name: str, typed: str) -> UsageError:
    """``unknown-framework``, with a hint that fits what was typed."""
    return UsageError(
        "unknown-framework",
        f"The catalog has no builds of {shown(name)}.",
        context=("it knows:", *_lines(catalog.every_name)),
        hint=_hint(catalog, name, typed),
    )


def _hint(catalog: Catalog, name: str, typed: str) -> str:
    if name in _COMPONENTS:
        return _COMPONENTS[name]
    if name in catalog.contents.profiles:
        return f"It is a profile, a request with a name: dlsetup catalog show profile {name}"
    if close := near(name, [*catalog.every_name, *KINDS, "pytorch"]):
        return f"Did you mean {' or '.join(close)}?"
    if names_a_gpu(catalog, typed):
        return f"If a GPU is meant: dlsetup catalog show gpu {shown(typed)}"
    return "Name one of those, or say gpu, cuda or driver and which one."


def _lines(listed: tuple[str, ...]) -> list[str]:
    import textwrap

    return textwrap.wrap(", ".join(listed), 60, break_on_hyphens=False)
