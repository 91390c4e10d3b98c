"""What is done as root, in words: before it is agreed to, and after it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence

import click

from provisioner.apply.part import Part
from provisioner.apply.record import Change
from provisioner.apply.run import needs_root
from provisioner.apply.undo import Undo
from provisioner.cli.output import folded, width_of

Rows = tuple[tuple[str, str], ...]

_PART = "This plan changes the system, as root:"
_ABOUT = ("script", "undo")
"""Rows that tell of the way, not of what changes."""
_UNDO = "This changes the system, as root:"


def agree(part: Part, *, yes: bool, asks: bool, quiet: bool) -> None:
    """Show what is to be done as root, and have it agreed to.

    Raises RefusedError ``needs-root``.
    """
    _agree(_PART, part_rows(part), part.path, yes=yes, asks=asks, quiet=quiet)


def agree_undo(undo: Undo, *, yes: bool, quiet: bool) -> None:
    """Show what is to be taken back, and have it agreed to. Raises as ``agree`` does."""
    asks = not quiet and sys.stdin.isatty() and sys.stderr.isatty()
    _agree(_UNDO, undo_rows(undo), undo.path, yes=yes, asks=asks, quiet=quiet)


def _agree(title: str, rows: Rows, script: str, *, yes: bool, asks: bool, quiet: bool) -> None:
    if not yes and not asks:
        told = tuple(row for row in rows if row[0] not in _ABOUT)
        reason = "nobody may be asked" if quiet else "there is no terminal to ask at"
        raise needs_root(reason, script, said=tuple(_aligned(told)))
    if not quiet:
        show_rows(title, rows)
    if not yes and not click.confirm("Go on?", default=False, err=True):
        raise needs_root("you said no", script)


def show_rows(title: str, rows: Rows, *, err: bool = True) -> None:
    """Print a title and aligned rows for people, on standard error or output."""
    width = width_of(sys.stderr if err else sys.stdout)
    rest = " " * (4 + max(len(name) for name, _ in rows))
    told = (folded(line, width, first="  ", rest=rest) for line in _aligned(rows))
    click.echo("\n".join((title, *told)), err=err)


def show_part(part: Part) -> None:
    """Print what would be done as root; its script is not written yet."""
    rows = tuple(row for row in part_rows(part) if row[0] not in _ABOUT)
    show_rows(_PART, rows, err=False)


def part_rows(part: Part) -> Rows:
    """What a plan asks of the system."""
    branch = f", branch {part.branch}" if part.branch else ""
    place = f", in place of {part.replaces}" if part.replaces else ""
    source = f"{part.repository} (key {part.fingerprint})" if part.repository else ""
    return _filled(
        ("packages", ", ".join(part.packages)),
        ("driver", f"{part.driver}{branch}{place}"),
        ("repository", source),
        ("reboot", "when it is done; then the same command goes on"),
        ("script", f"less {shlex.quote(part.path)}"),
        ("undo", "dlsetup system undo"),
    )


def undo_rows(undo: Undo) -> Rows:
    """What is taken back, and what is not."""
    lost = "; of a run that was cut short nobody knows what it replaced" if undo.unseen else ""
    return _filled(
        ("removes", ", ".join((*undo.packages, *undo.files))),
        ("restores", ", ".join(f"{name} {version}" for name, version in undo.restored.items())),
        *_staying(undo),
        ("note", f"other users of this machine may need the same{lost}"),
        ("script", f"less {shlex.quote(undo.path)}"),
    )


def change_rows(changes: Sequence[Change]) -> Rows:
    """What was installed as root, a row for each name that ``up`` was called with."""
    return tuple(
        (change.environment, ", ".join((*change.installed, *change.files)) or "nothing new")
        for change in changes
    )


def left_rows(undo: Undo) -> Rows:
    """What stays of what was installed or replaced."""
    return _filled(*_staying(undo))


def _staying(undo: Undo) -> Iterator[tuple[str, str]]:
    yield "stays", ", ".join(undo.needed) + " (needed by something else now)" if undo.needed else ""
    yield "upgraded", ", ".join(undo.upgraded) + " (and stays so)" if undo.upgraded else ""
    yield "lost", ", ".join(undo.lost) + " (apt has that version no more)" if undo.lost else ""


def _filled(*rows: tuple[str, str]) -> Rows:
    return tuple(row for row in rows if row[1])


def _aligned(rows: Rows) -> Iterator[str]:
    width = max(len(title) for title, _ in rows)
    return (f"{title:<{width}}  {text}" for title, text in rows)
