"""The text of a pull request from what ``dlsetup catalog refresh --json`` says; empty without news.

    .ci/news.py <refresh.json

One line for each news item, with its source. What upstream wrote stands in code spans, where it
can neither mention anybody nor link to anything.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from provisioner.upkeep.news import News

_MOST = 60_000
"""Characters; GitHub takes 65536."""


def text(told: Mapping[str, Any]) -> str:
    """The text for one answer of ``catalog refresh``."""
    items = msgspec.convert(told["data"]["news"], list[News])
    if not items:
        return ""
    lines = [f"{len(items)} news, measured by `.ci/upkeep`.", *_listed(items)]
    if told["warnings"]:
        lines += ["", "Could not be read, and stays as it was:", ""]
        lines += [f"- {_quoted(item['message'])}" for item in told["warnings"]]
    return _short_enough(lines)


def _listed(items: list[News]) -> Iterator[str]:
    for sheet, below in groupby(items, key=lambda item: item.sheet):
        yield from ("", f"{_quoted(f'stacks/{sheet}')}:", "")
        for item in below:
            yield f"- {_quoted(str(item))}"


def _quoted(words: str) -> str:
    """Words as a code span: on one line, and nothing in them ends it."""
    plain = "".join(letter if letter.isprintable() else " " for letter in words)
    return f"`{' '.join(plain.replace('`', chr(39)).split())}`"


def _short_enough(lines: list[str]) -> str:
    kept: list[str] = []
    room = _MOST
    for number, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            kept += ["", f"And {len(lines) - number} more lines: see the changed sheets."]
            break
        kept.append(line)
    return "\n".join(kept) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text(msgspec.json.decode(sys.stdin.buffer.read())))
