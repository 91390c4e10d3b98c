"""Comments of files that people read: what a plan is for and what it holds, in short lines."""

from __future__ import annotations

from provisioner.catalog.load import Catalog
from provisioner.plan import Plan
from provisioner.render import facts
from provisioner.render.quoting import comment

_WIDTH = 74
"""What YAML's linters allow to a line, less the comment's sign and the deepest indent."""

_INDENT = "  "


def wrapped(lines: tuple[str, ...], hanging: str = "") -> tuple[str, ...]:
    """Return lines no longer than linters allow, what is carried over set in by ``hanging``."""
    from textwrap import wrap

    return tuple(
        piece
        for line in lines
        for piece in wrap(
            comment(line),
            _WIDTH,
            subsequent_indent=hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )
    )


def head(plan: Plan, catalog: Catalog, title: str = "", *, driver: bool = True) -> tuple[str, ...]:
    """Return what stands at the head of a file: title, machine, pins, caps, warnings, driver.

    An empty line is an empty comment. The title is the plan in a phrase where none is given.
    ``driver``: whether it has to be said that the driver is no affair of the file.
    """
    caps = tuple(f"{cap.requirement}: {cap.reason}" for cap in plan.constraints)
    holds = () if plan.is_for_host else (*facts.pin_lines(plan), *caps)
    lines = [
        *wrapped((title or facts.summary(plan),)),
        "",
        "Made by dlsetup for this machine:",
        *_set_in(facts.machine_lines(plan, catalog)),
        *(("", "What it holds:", *_set_in(holds)) if holds else ()),
        *wrapped(tuple(f"Note: {one}" for one in facts.warning_lines(plan)), _INDENT),
    ]
    if driver and plan.accelerator == "cuda":
        needed = plan.driver.needed + ("," if plan.driver.last_branch else "")
        told = f"The driver is the machine's affair: {needed} must run."
        lines += ["", *wrapped((told,))]
    return tuple(lines)


def _set_in(lines: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_INDENT + line for line in wrapped(lines, _INDENT))
