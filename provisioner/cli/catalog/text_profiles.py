"""Profiles, as people read them."""

from __future__ import annotations

from provisioner.catalog.words import Profile
from provisioner.cli.catalog.layout import UNKNOWN, facts, size, table
from provisioner.cli.display import Block
from provisioner.lookup.values import ProfileAnswer, Profiles

_CHOSEN = "the catalog picks the version that fits the machine"
_COMPANIONS = "handed to the installer, which picks their versions"


def profiles(answer: Profiles) -> list[Block]:
    """One line for each profile."""
    rows = [(row.name, row.title) for row in answer.profiles]
    more = [
        ("a plan", "dlsetup resolve NAME, or --profile NAME"),
        ("one of them", f"dlsetup catalog show profile {answer.profiles[0].name}"),
    ]
    return [table("Profiles: requests with a name", rows), facts("More", more)]


def profile(answer: ProfileAnswer) -> list[Block]:
    """What a profile asks for, and what it needs."""
    row = answer.profile
    return [
        facts(
            f"{row.name}: {row.title}",
            [
                ("chosen", ", ".join(answer.chosen)),
                ("as they come", ", ".join(answer.companions)),
                ("GPU", "where there is one" if row.gpu else "none: nothing of it computes on one"),
                ("GPU memory", _memory(row)),
                ("imports", ", ".join(row.modules)),
                ("runs", ", ".join(row.programs)),
            ],
        ),
        facts(
            "More",
            [
                ("chosen", _CHOSEN if answer.chosen else ""),
                ("as they come", _COMPANIONS if answer.companions else ""),
                ("a plan", f"dlsetup resolve {row.name}"),
            ],
        ),
    ]


def _memory(row: Profile) -> str:
    if not row.gpu:
        return ""
    if row.memory_bytes is None:
        return f"{UNKNOWN}: it depends on what is computed"
    return f"{size(row.memory_bytes)} or more for {row.memory_for}"
