"""Rows that are our own words: predefined requests, and the vocabulary of errors."""

from __future__ import annotations

import msgspec


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A predefined request: a choice of words. What it says of memory is a fact, with its proof."""

    name: str
    title: str
    requirements: tuple[str, ...]
    modules: tuple[str, ...] = ()
    """What has to import in an environment of it."""
    programs: tuple[str, ...] = ()
    """What has to run there, by name: ``nvcc``."""
    gpu: bool = True
    """It computes on the GPU where there is one; False: nothing of it does."""
    memory_bytes: int | None = None
    """The least GPU memory for what it is made for; None where nobody states one."""
    memory_for: str = ""
    """What needs that much: a model, and how it is run."""
    evidence: str = ""
    checked: str = ""


class Reference(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One word of the vocabulary that errors, refusals, warnings and findings share."""

    name: str
    meaning: str
    fix: str
    spares_runs: bool = False
    """Programs run all the same: of a machine that is looked at it is never an error."""
