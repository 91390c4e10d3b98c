"""An environment as values: what others are told, and what its own folder says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from provisioner.plan import Plan

BEING_MADE = 0
"""The generation of a pointer whose environment is not there yet, or not any more."""


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """What an environment occupies on the disk, when it was made."""

    bytes: int
    """All that its files take."""
    shared_bytes: int
    """So much of it lies in files that uv's cache or another environment links to as well: it
    costs nothing more, and removing the environment alone does not free it."""


class Verify(msgspec.Struct, frozen=True):
    """When an environment was last proved, and what came of it."""

    time: str
    """ISO 8601, UTC, in seconds."""
    result: Literal["pass", "fail"]


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
    """Whether it worked when it was last looked at."""
    gpus: tuple[str, ...] | None = None
    """The UUIDs of the GPUs it may use; None is all that there are."""
    notes: tuple[str, ...] = ()
    """What was seen of packages that dlsetup did not choose: which of them do not import."""
    last_verify: Verify | None = None
    kept: tuple[int, ...] = ()
    """The generations that are there and whole: those that it can be switched to, and its own."""
    size: Size | None = None


class Pointer(msgspec.Struct, frozen=True, kw_only=True):
    """What marks a folder as an environment of ``up``, and says which generation counts."""

    name: str
    generation: int = BEING_MADE
    before: int | None = None
    """The generation that was current before this one, and that is kept."""
    asked: Mapping[str, Any] | None = None
    """What was typed since, where it came to the same generation."""
    being_removed: bool = False
    """Its removal began: where it stands no more, that was cut off."""

    @property
    def stands(self) -> bool:
        """Whether there is an environment."""
        return self.generation != BEING_MADE

    @property
    def kept(self) -> tuple[int, ...]:
        """The generations that are not to be removed."""
        return tuple(number for number in (self.generation, self.before) if number)


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """What was true of one generation when it was made; written last, and never changed."""

    python: str
    gpus: tuple[str, ...] | None = None
    """The UUIDs of the GPUs it may use; None is all that there are."""
    notes: tuple[str, ...] = ()
    """What was seen of packages that dlsetup did not choose: which of them do not import."""
    holds: tuple[str, ...] = ()
    """What is installed in it, by the folder names of the packages' metadata."""
    lies: tuple[str, ...] = ()
    """What of it lies where Python looks for packages; see ``same.lies``."""
    asked: Mapping[str, Any] = {}
    """What was typed for it, so that it can be asked anew."""
    planned: str = ""
    """What the plan came to before its lock; see ``same.sign``."""
    size: Size | None = None
