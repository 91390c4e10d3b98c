"""requirements.txt: packages by line, and the options that stand between them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator

import msgspec

from provisioner.check.readers import included, installers
from provisioner.check.readers.included import Line, Opened
from provisioner.check.readers.installers import Origin
from provisioner.check.readers.joined import joined
from provisioner.check.said import Bound, Package, Part, Place, Statement, Unread


def read(text: str, name: str = "-", opened: Opened | None = None) -> tuple[Part, ...]:
    """Return the packages of a list and of those that it names; options are for all of them."""
    found = tuple(joined(statements(included.lines(text, name, opened))))
    return (Part(inside="environment", statements=found),) if found else ()


def statements(lines: Iterable[Line | Unread]) -> Iterator[Statement]:
    """Yield what lines ask for, as pip takes them: all options first, constraints last.

    The place of a package that a constraint pins is that of its pin.
    """
    known = list(lines)
    unread = [one for one in known if isinstance(one, Unread)]
    told = [one for one in known if isinstance(one, Line)]
    options = [word for one in told if one.text.startswith("-") for word in _words(one.text)]
    _, origin = installers.origin_of(options)
    if unread:
        origin = msgspec.structs.replace(origin, known=False)
    asked = [one for line in told if not line.binds for one in _package(line, origin)]
    yield from unread
    yield from asked
    for one in (one for line in told if line.binds for one in _package(line, origin)):
        if one.specifier and not one.marker:
            yield Bound(name=one.name, specifier=one.specifier, at=one.at)


def _package(line: Line, origin: Origin) -> Iterator[Package]:
    if line.text.startswith("-"):
        return
    requirement = re.split(r"\s+--", line.text, maxsplit=1)[0].strip()
    at = Place(line.at.line, requirement, line.at.file)
    package = installers.required(requirement, at, origin)
    if package is not None:
        yield package


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return ["--find-links", "$"]
