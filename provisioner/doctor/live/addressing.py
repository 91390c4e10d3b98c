"""Commands of fixes for the environment that was looked at, whatever pip is first on PATH."""

from __future__ import annotations

import os
import re
import shlex

import msgspec

from provisioner.doctor.live.environment import imported
from provisioner.doctor.live.room import Room
from provisioner.report import Finding

_PIP = re.compile(r"(?<![\w./-])(?<!uv )(?<!-m )pip (?P<verb>install|uninstall|check|list|show)\b")


def addressed(findings: tuple[Finding, ...], room: Room, uv: str | None) -> tuple[Finding, ...]:
    """The findings with commands that act on the environment that was examined.

    One that uv made holds no pip, and the pip on PATH then belongs to another Python; one that is
    not active is not meant by it either. ``uv`` is the release of the uv that is here, if any.
    """
    start = _start(room, uv)
    if start is None:
        return findings
    return tuple(
        msgspec.structs.replace(one, fix=tuple(_PIP.sub(start, text) for text in one.fix))
        for one in findings
    )


def _start(room: Room, uv: str | None) -> str | None:
    """What stands for ``pip VERB``, as a pattern's replacement; None where pip is meant itself."""
    if room.inside is None:
        return None
    has_pip = "pip" in imported(room.inside)
    folder = shlex.quote(room.inside.prefix)
    if has_pip and room.is_active:
        return None
    if has_pip:
        python = shlex.quote(os.path.join(room.inside.prefix, "bin", "python"))
        return _literal(f"{python} -m pip ") + r"\g<verb>"
    return "uv pip \\g<verb>" + _literal(f" --python {folder}") if uv else None


def _literal(text: str) -> str:
    return text.replace("\\", r"\\")
