"""devcontainer.json: its image, what it runs once made, and whether it is given a GPU."""

from __future__ import annotations

import json
import re
from typing import Any

from provisioner.check.readers import commands, shell
from provisioner.check.said import GivenGpu, Image, Opaque, Part, Place, Statement, Unread

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/|,(?=\s*[}\]])', re.DOTALL)
_RUN = ("onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand")


def read(text: str) -> tuple[Part, ...]:
    """Return what a development container holds; nothing of what is no JSON."""
    try:
        document = json.loads(_TOKEN.sub(_kept, text))
    except (ValueError, RecursionError) as error:
        return (Part(inside="image", statements=(_unread(text, error),)),)
    if not isinstance(document, dict):
        return ()
    said: list[Statement] = []
    image = document.get("image")
    if isinstance(image, str):
        said.append(Image(name=image, at=Place(1, image)))
    if document.get("features"):
        said.append(Opaque(at=Place(1, "features")))
    for key in _RUN:
        for command in _texts(document.get(key)):
            said += commands.statements(shell.commands(command))
    gpu = _gives_gpu(document)
    if gpu and _asks_for_gpu(document):
        said.append(GivenGpu(at=Place(1, "gpu")))
    return (Part(inside="image", statements=tuple(said), uses_gpu=gpu),) if said else ()


def _unread(text: str, error: Exception) -> Unread:
    """A text that is no JSON, with the line at which its parser stopped."""
    line = min(getattr(error, "lineno", 1), text.count("\n") + 1)
    words = [*text.splitlines(), ""][line - 1].strip()
    told = getattr(error, "msg", "it is nested too deep")
    return Unread(
        at=Place(line, words[:100]),
        reference="file-not-parsed",
        reason=f"This is no JSON: {told[:1].lower()}{told[1:]}. Whatever else reads it stops here"
        " too.",
        stops=True,
    )


def _kept(match: re.Match[str]) -> str:
    """Comments and commas before a bracket go; they are no JSON, and stand in such files."""
    return match[0] if match[0].startswith('"') else "\n" * match[0].count("\n")


def _texts(value: Any) -> list[str]:
    """A command as a text, as a list of words, or several by name."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        import shlex

        return [shlex.join(value)]
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    return []


def _gives_gpu(document: dict[str, Any]) -> bool | None:
    arguments = document.get("runArgs")
    given = isinstance(arguments, list) and any("gpu" in str(word) for word in arguments)
    wanted = document.get("hostRequirements")
    return given or (isinstance(wanted, dict) and bool(wanted.get("gpu")))


def _asks_for_gpu(document: dict[str, Any]) -> bool:
    """Whether it does not start without one: ``"gpu": "optional"`` does."""
    arguments = document.get("runArgs")
    named = isinstance(arguments, list) and any("gpu" in str(word) for word in arguments)
    wanted = document.get("hostRequirements")
    return named or (isinstance(wanted, dict) and wanted.get("gpu") is True)
