"""Rows about images: how large they are, and what comes into them from outside."""

from __future__ import annotations

from provisioner.catalog.rows import Row


class ImageSize(Row, frozen=True, kw_only=True):
    """What an image takes on disk, for x86_64, its layers unpacked."""

    image: str
    disk_bytes: int
    """As precise as the evidence; a figure of three digits stands as it was printed."""
    cuda: str | None = None
    """``"12.6"`` where the image carries CUDA, cuDNN and nvcc; None for a plain base."""


class EditorServer(Row, frozen=True, kw_only=True):
    """The part of an editor that it starts inside a container, and what that needs there."""

    name: str
    """As people call it: ``VS Code's server``."""
    glibc: str
    """The oldest that it runs with."""
    too_old: tuple[str, ...] = ()
    """Systems whose glibc is older: ``ubuntu-18.04``."""
