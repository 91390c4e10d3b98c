"""Apptainer's and Singularity's definitions: what they stand on, and what %post installs."""

from __future__ import annotations

import re

from provisioner.check.readers import commands, shell
from provisioner.check.said import Image, Part, Place, Statement

_FROM = re.compile(r"(?im)^from:\s*(\S+)\s*$")
_SECTION = re.compile(r"(?m)^%(\w+)[^\n]*\n")


def read(text: str) -> tuple[Part, ...]:
    """Return what a definition stands on and installs."""
    said: list[Statement] = []
    if match := _FROM.search(text):
        line = text.count("\n", 0, match.start()) + 1
        said.append(Image(name=match[1], at=Place(line, match[1])))
    marks = list(_SECTION.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        if mark[1] == "post":
            first = text.count("\n", 0, mark.end()) + 1
            found = shell.commands(text[mark.end() : end], first=first)
            said += commands.statements(found)
    return (Part(inside="image", statements=tuple(said)),) if said else ()
