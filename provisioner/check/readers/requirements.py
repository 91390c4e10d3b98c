"""requirements.txt: packages by line, and the options that stand between them."""

from __future__ import annotations

import re
import shlex

from provisioner.check.readers import installers
from provisioner.check.said import Package, Part, Place

_COMMENT = re.compile(r"(^|\s)#.*$")


def read(text: str) -> tuple[Part, ...]:
    """Return the packages of a requirements file; its options are for all of them."""
    lines = [(number, line) for number, line in _lines(text) if line]
    options = [word for _, line in lines if line.startswith("-") for word in _words(line)]
    _, origin = installers.origin_of(options)
    found: list[Package] = []
    for number, line in lines:
        if line.startswith("-"):
            continue
        requirement = re.split(r"\s+--", line, maxsplit=1)[0].strip()
        package = installers.required(requirement, Place(number, requirement), origin)
        if package is not None:
            found.append(package)
    return (Part(inside="environment", statements=tuple(found)),) if found else ()


def _lines(text: str) -> list[tuple[int, str]]:
    """Lines by number, continuations joined, without comments."""
    found: list[tuple[int, str]] = []
    held, start = "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        line = _COMMENT.sub("", raw).rstrip()
        start = start or number
        if line.endswith("\\"):
            held += line[:-1] + " "
            continue
        found.append((start, (held + line).strip()))
        held, start = "", 0
    if held:
        found.append((start, held.strip()))
    return found


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return ["--find-links", "$"]
