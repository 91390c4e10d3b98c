"""conda's environment.yml: channels, conda's packages and the pip section."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from provisioner.check.readers import broken_yaml, included, installers, outline, requirements
from provisioner.check.readers.included import Line, Opened
from provisioner.check.readers.joined import joined
from provisioner.check.said import Part, Place, Statement, Unread


def read(text: str, name: str = "-", opened: Opened | None = None) -> tuple[Part, ...]:
    """Return what an environment file asks conda and pip for; ``-r`` is read as pip would."""
    found = list(outline.entries(text))
    channels = tuple(one.text for one in found if one.path == ("channels", "-"))
    said: list[Statement] = list(broken_yaml.unread(text))
    for entry in found:
        if entry.path == ("dependencies", "-"):
            at = Place(entry.line, entry.text)
            said += installers.conda_spec(entry.text, at, channels)
    said += requirements.statements(_pip(found, name, opened))
    return (Part(inside="environment", statements=tuple(joined(said))),) if said else ()


def _pip(found: list[outline.Entry], name: str, opened: Opened | None) -> Iterator[Line | Unread]:
    """The lines of the pip section, and those of the lists that it names."""
    for entry in found:
        if entry.path != ("dependencies", "-", "pip", "-"):
            continue
        if included.included(entry.text) is None:
            yield Line(entry.text, Place(entry.line, entry.text))
            continue
        for one in included.lines(entry.text, name, opened):
            # A line of this file itself is counted from the entry alone.
            at = one.at if one.at.file else Place(entry.line, one.at.text)
            yield msgspec.structs.replace(one, at=at)
