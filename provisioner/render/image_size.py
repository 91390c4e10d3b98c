"""What an image of a plan takes, beside CUDA's development image with the same wheels."""

from __future__ import annotations

from provisioner.catalog.image_rows import ImageSize
from provisioner.catalog.load import Catalog
from provisioner.plan import Plan
from provisioner.sizes import human


def lines(plan: Plan, base: str, catalog: Catalog) -> tuple[str, ...]:
    """Return the size on disk of the base and of the pins, and what the usual way carries besides.

    Figures are rows or sums of them; what nobody measured is called unknown. Nothing is returned
    for an image that brings the framework itself: it is what the plan asks for.
    """
    if plan.via == "container":
        return ()
    known = {row.image: row for row in _sizes(plan, catalog)}
    pins = human(plan.disk_bytes) if plan.disk_bytes else "unknown"
    told = [f"{base}: {_human(known.get(base))}", f"the pins, unpacked: {pins}"]
    if plan.accelerator == "cuda" and plan.cuda:
        told.append(_usual_way(plan.cuda, tuple(known.values())))
    return tuple(told)


def _sizes(plan: Plan, catalog: Catalog) -> tuple[ImageSize, ...]:
    """The rows that hold for the plan's processor: all were printed on one kind."""
    return catalog.image_sizes if plan.machine.arch == "x86_64" else ()


def _usual_way(cuda: str, sizes: tuple[ImageSize, ...]) -> str:
    row = _development_image(cuda, sizes)
    if row is None:
        return f"NVIDIA's development image with CUDA {cuda} and cuDNN: unknown"
    return f"{row.image} instead, under the same wheels: {_human(row)}, CUDA carried twice"


def _development_image(cuda: str, sizes: tuple[ImageSize, ...]) -> ImageSize | None:
    """The image of the same CUDA major whose size is known: the nearest minor, older rather."""
    major, minor = _parts(cuda)
    found = [row for row in sizes if row.cuda and _parts(row.cuda)[0] == major]

    def distance(row: ImageSize) -> tuple[int, int]:
        other = _parts(row.cuda or "")[1]
        return abs(other - minor), other

    return min(found, key=distance, default=None)


def _parts(cuda: str) -> tuple[int, int]:
    """Major and minor; a build that goes with every minor says the major alone."""
    major, _, minor = cuda.partition(".")
    return int(major), int(minor.partition(".")[0] or 0)


def _human(row: ImageSize | None) -> str:
    return human(row.disk_bytes) if row else "unknown"
