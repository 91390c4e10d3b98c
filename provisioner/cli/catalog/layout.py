"""Rows that fit into 80 columns, and the short forms of what stands in them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from provisioner.cli.display import Block

_WIDTH = 80
_INDENT = 3
"""On a terminal; elsewhere a block is one column further left."""
_BETWEEN = 2
_NARROWEST = 10
_MIB = 1024**2
_GIB = 1024**3
UNKNOWN = "not known"


def facts(title: str, rows: Iterable[tuple[str, str]]) -> Block:
    """A block of names and values; a long value goes on below itself, an empty one is left out."""
    said = [(name, value) for name, value in rows if value]
    width = max((len(name) for name, _ in said), default=0)
    lines: list[tuple[str, ...]] = []
    for name, value in said:
        first, *rest = wrapped(value, less=width + _BETWEEN)
        lines += [(name, first), *(("", line) for line in rest)]
    return Block(title, tuple(lines))


def table(title: str, rows: Iterable[tuple[str, ...]]) -> Block:
    """A block of columns; the last cell of a row goes on below itself where it is long."""
    listed = list(rows)
    head = [row[:-1] for row in listed]
    used = sum(max(map(len, column)) + _BETWEEN for column in zip(*head, strict=True))
    lines: list[tuple[str, ...]] = []
    for row in listed:
        first, *rest = wrapped(row[-1], less=used)
        empty = ("",) * (len(row) - 1)
        lines += [(*row[:-1], first), *((*empty, line) for line in rest)]
    return Block(title, tuple(lines))


def wrapped(text: str, less: int = 0) -> list[str]:
    """A text in lines that leave room for ``less`` columns before them; at least one line."""
    width = max(_WIDTH - _INDENT - less, _NARROWEST)
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def pythons(versions: Iterable[str]) -> str:
    """Pythons in their order, neighbours as a range: ``2.7, 3.10-3.14, 3.13t``."""
    runs: list[list[str]] = []
    # Free-threaded ones last: between the others they would cut their range in two.
    for version in sorted(versions, key=lambda text: text.endswith("t")):
        if runs and _follows(runs[-1][-1], version):
            runs[-1].append(version)
        else:
            runs.append([version])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _follows(before: str, after: str) -> bool:
    if before.endswith("t") is not after.endswith("t"):
        return False
    left, right = (text.removesuffix("t").split(".") for text in (before, after))
    return left[0] == right[0] and int(right[1]) == int(left[1]) + 1


def size(count: int | None) -> str:
    """Bytes in the unit that people read; empty where nobody knows."""
    if count is None:
        return ""
    if count < _GIB:
        return f"{count / _MIB:.0f} MiB"
    return f"{count / _GIB:.1f}".removesuffix(".0") + " GiB"


def one_of(words: Iterable[str]) -> str:
    """``open or proprietary``."""
    return " or ".join(words)
