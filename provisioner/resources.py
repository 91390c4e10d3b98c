"""The one door to the data files: where the catalog's sheets and the templates lie.

Inside an installed package they are in ``provisioner/data``; in a checkout they are the folders
``stacks`` and ``templates`` beside the package. ``DLSETUP_STACKS`` and ``DLSETUP_TEMPLATES`` name
other folders, for tests and for sites that keep a catalog of their own.

What dlsetup writes of itself lies where the XDG specification puts it, on every system.
"""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def stacks() -> Path:
    """The folder of the catalog's sheets."""
    return _folder("stacks")


def ships_installed() -> bool:
    """Whether the catalog that is read belongs to an installed package, which nobody changes."""
    return not os.environ.get("DLSETUP_STACKS") and (_PACKAGE / "data" / "stacks").is_dir()


def overlay() -> Path | None:
    """Where a user's own additions to the catalog lie.

    None for a catalog of one's own, and for a user without a home.
    """
    if os.environ.get("DLSETUP_STACKS"):
        return None
    return _of_user("XDG_DATA_HOME", ".local/share", "catalog.json")


def cache() -> Path | None:
    """Where what was fetched is kept; None for a user without a home."""
    return _of_user("XDG_CACHE_HOME", ".cache", "upkeep")


def environments() -> Path | None:
    """Where the environments of ``up`` lie; None for a user without a home.

    ``DLSETUP_HOME``, which moves the launcher's own environment, moves them too.
    """
    chosen = os.environ.get("DLSETUP_HOME")
    if chosen:
        return Path(os.path.abspath(chosen)) / "envs"
    return _of_user("XDG_DATA_HOME", ".local/share", "envs")


def logs() -> Path | None:
    """Where runs write down what they did; None for a user without a home."""
    return _of_user("XDG_STATE_HOME", ".local/state", "log")


def system_changes() -> Path | None:
    """Where is kept what was done as root; None for a user without a home."""
    return _of_user("XDG_STATE_HOME", ".local/state", "system")


def config() -> Path | None:
    """Where the user's configuration is; None for a user without a home."""
    return _of_user("XDG_CONFIG_HOME", ".config", "config.toml")


def _of_user(setting: str, usual: str, name: str) -> Path | None:
    chosen = os.environ.get(setting, "")
    # The specification says to pass over a relative path.
    base = chosen if os.path.isabs(chosen) else os.path.join(os.path.expanduser("~"), usual)
    # A number that no user has may run a container: it has no home then.
    return Path(base) / "dlsetup" / name if os.path.isabs(base) else None


def templates() -> Path:
    """The folder of the templates."""
    return _folder("templates")


def _folder(name: str) -> Path:
    chosen = os.environ.get(f"DLSETUP_{name.upper()}")
    if chosen:
        return Path(chosen)
    installed = _PACKAGE / "data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
