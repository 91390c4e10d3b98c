"""The rows that say how large images are: so that what a plain base saves can be told."""

from __future__ import annotations

from provisioner.catalog.rows import Row


class ImageSize(Row, frozen=True, kw_only=True):
    """What an image takes on disk, for x86_64, its layers unpacked."""

    image: str
    disk_bytes: int
    """As precise as the evidence; a figure of three digits stands as it was printed."""
    cuda: str | None = None
    """``"12.6"`` where the image carries CUDA, cuDNN and nvcc; None for a plain base."""
