"""The one door to the data files: where the catalog's sheets and the templates lie.

Inside an installed package they are in ``provisioner/data``; in a checkout they are the folders
``stacks`` and ``templates`` beside the package. ``DLSETUP_STACKS`` and ``DLSETUP_TEMPLATES`` name
other folders, for tests and for sites that keep a catalog of their own.
"""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def stacks() -> Path:
    """The folder of the catalog's sheets."""
    return _folder("stacks")


def templates() -> Path:
    """The folder of the templates."""
    return _folder("templates")


def _folder(name: str) -> Path:
    chosen = os.environ.get(f"DLSETUP_{name.upper()}")
    if chosen:
        return Path(chosen)
    installed = _PACKAGE / "data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
