"""A Dockerfile taken apart into its instructions, as BuildKit reads lines."""

from __future__ import annotations

import json
from typing import NamedTuple

from tests.outputs.shell_words import commands


class Instruction(NamedTuple):
    """``name`` in capitals, and the rest of the line with its continuations joined."""

    name: str
    rest: str

    @property
    def commands(self) -> list[list[str]]:
        """What a RUN, CMD or ENTRYPOINT runs, options such as ``--mount`` left out."""
        rest = self.rest
        while rest.startswith("--"):
            rest = rest.split(None, 1)[1]
        try:
            return [json.loads(rest)]
        except json.JSONDecodeError:  # no list of words, so it is the shell's, as Docker has it
            return commands(rest)


def instructions(text: str) -> list[Instruction]:
    """Return all instructions in order; comment lines go, also those within an instruction."""
    found: list[Instruction] = []
    kept = ""
    for line in text.split("\n"):
        if line.lstrip().startswith("#"):
            continue
        if line.rstrip().endswith("\\"):
            kept += line.rstrip()[:-1]
            continue
        whole = (kept + line).strip()
        kept = ""
        if whole:
            name, _, rest = whole.partition(" ")
            found.append(Instruction(name.upper(), rest.strip()))
    if kept.strip():
        raise ValueError("the last instruction does not end")
    return found
