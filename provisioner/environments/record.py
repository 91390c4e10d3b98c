"""An environment as values: what others are told, and what its own folder says."""

from __future__ import annotations

import msgspec

from provisioner.plan import Plan

BEING_MADE = 0
"""The generation of a pointer whose environment is not there yet, or not any more."""


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """One environment that ``up`` made."""

    name: str
    path: str
    """The virtual environment itself: its interpreter is ``bin/python`` in there."""
    python: str
    plan: Plan
    lock: str
    """Where its ``pylock.toml`` lies."""
    generation: int
    verified: bool
    gpus: tuple[str, ...] | None = None
    """The UUIDs of the GPUs it may use; None is all that there are."""
    notes: tuple[str, ...] = ()
    """What was seen of packages that dlsetup did not choose: which of them do not import."""


class Pointer(msgspec.Struct, frozen=True, kw_only=True):
    """What marks a folder as an environment of ``up``, and says which generation counts."""

    name: str
    generation: int = BEING_MADE
    before: int | None = None
    """The generation that was current before this one, and that is kept."""


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """What was true of one generation when it was made; written last, and never changed."""

    python: str
    gpus: tuple[str, ...] | None = None
    """The UUIDs of the GPUs it may use; None is all that there are."""
    notes: tuple[str, ...] = ()
    """What was seen of packages that dlsetup did not choose: which of them do not import."""
    holds: tuple[str, ...] = ()
    """What is installed in it, by the folder names of the packages' metadata."""
