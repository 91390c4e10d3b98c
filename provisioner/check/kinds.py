"""Which kind of file a text is: by its name first, then by what stands in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

import msgspec

from provisioner.check.said import Document, Part, Place, Statement

_NAMES: tuple[tuple[str, str], ...] = (
    (r"(.*[._-])?(dockerfile|containerfile)([._-].*)?", "dockerfile"),
    (r"(docker-)?compose.*\.ya?ml", "compose"),
    (r"\.?devcontainer\.json", "devcontainer"),
    (r"(pyproject|pixi)\.toml", "tables"),
    (r".*(requirements|constraints).*\.(txt|in)|requirements.*", "requirements"),
    (r".*(environment|conda|env).*\.ya?ml", "environment"),
    (r".*\.(sh|bash|zsh)", "script"),
    (r".*\.def|singularity.*", "apptainer"),
)
_INSTALLS = (
    r"(?m)^[ \t]*(sudo )?(apt(-get)?|dnf|yum|zypper|pip3?|conda|mamba|uv|python3?) "
    r"(-m pip |pip |-y )?(install|create|add)\b"
)
_CONTENTS: tuple[tuple[str, str], ...] = (
    (r"\A#!.*\b(ba|da|z|k)?sh\b", "script"),
    (r"(?m)^[ \t]*FROM[ \t]+\S+([ \t]+AS[ \t]+\S+)?[ \t]*$", "dockerfile"),
    (r"(?im)^bootstrap:\s*\S", "apptainer"),
    (r"(?m)^services:\s*$", "compose"),
    (r"(?m)^dependencies:\s*$", "environment"),
    (r"(?m)^\[(project|tool\.[\w.-]+|workspace|dependencies)\]", "tables"),
    (r"\A\s*[{/][^\0]*\"(image|postCreateCommand|runArgs)\"", "devcontainer"),
    (_INSTALLS, "script"),
    (r"(?m)^[A-Za-z0-9][A-Za-z0-9._-]*(\[[\w,-]+\])?\s*(==|>=|<=|~=|!=|<|>)\s*\d", "requirements"),
)
_REQUIREMENT = re.compile(
    r"-[\w-]+([ =].*)?"
    r"|[A-Za-z0-9][A-Za-z0-9._-]*(\s*\[[\w\s,.-]*\])?\s*((===?|>=|<=|~=|!=|<|>)[^;]*|@\s.*)?(;.*)?"
)
"""A line of a list: an option, or a name with what may follow it."""
_LONGEST = 20_000
"""Characters of a line; one that is longer was not written by hand, and is passed over."""
_LONGEST_WORD = 300
"""Characters of what is repeated to people; what is longer is no name and no version."""
_LOOKED_AT = 20_000
"""Characters in which a kind shows itself."""
_MOST_PARTS = 100
"""Stages, services or groups of one file."""
_MOST_STATEMENTS = 1000
"""Of one part."""
_AHEAD = 400
"""Lines that one command may go on for."""
_FOLLOWED = frozenset({"requirements", "environment"})
"""Kinds that name other files to read as if they stood in them."""


def read(name: str, text: str, opened: Callable[[str], str] | None = None) -> Document:
    """Return what a text says; ``kind`` is None where it is nothing that dlsetup knows.

    ``opened`` gives the text of a file that this one names; without it none is read.
    """
    lines = [line if len(line) < _LONGEST else "" for line in text.splitlines()]
    text = "\n".join(lines)
    kind = kind_of(name, text)
    if kind is None:
        return Document(name=name, kind=None)
    reader = import_module(f"provisioner.check.readers.{kind}")
    found: tuple[Part, ...] = (
        reader.read(text, name, opened) if kind in _FOLLOWED else reader.read(text)
    )
    parts = tuple(
        msgspec.structs.replace(
            part,
            statements=tuple(_located(one, lines) for one in _each(part.statements)),
        )
        for part in found[:_MOST_PARTS]
    )
    return Document(name=name, kind=kind, parts=parts)


def side_by_side(documents: Sequence[Document]) -> tuple[Document, ...]:
    """The same, where services of one compose file may be given GPUs by another one."""
    given = {
        part.name
        for document in documents
        if document.kind == "compose"
        for part in document.parts
        if part.uses_gpu
    }
    return tuple(
        msgspec.structs.replace(
            document,
            parts=tuple(
                msgspec.structs.replace(part, uses_gpu=True) if part.name in given else part
                for part in document.parts
            ),
        )
        if document.kind == "compose"
        else document
        for document in documents
    )


def _each(statements: tuple[Statement, ...]) -> list[Statement]:
    """Each statement once, in the order of the text, as far as anybody reads."""
    nowhere = Place(0, "")
    first: dict[Statement, Statement] = {}
    for one in statements:
        if len(one.at.text) < _LONGEST_WORD and len(first) < _MOST_STATEMENTS:
            first.setdefault(msgspec.structs.replace(one, at=nowhere), one)
    return list(first.values())


def kind_of(name: str, text: str) -> str | None:
    """The kind of a file, which is also the name of the module that reads it."""
    base = name.rpartition("/")[2].lower()
    for pattern, kind in _NAMES:
        if re.fullmatch(pattern, base):
            return kind
    head = text[:_LOOKED_AT]
    for pattern, kind in _CONTENTS:
        if re.search(pattern, head):
            return kind
    may_list = name == "-" or base.endswith((".txt", ".in"))
    return "requirements" if may_list and _is_list(head) else None


def _is_list(text: str) -> bool:
    """Whether nothing but requirements, options and comments stand there, each on its line."""
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    told = [line for line in lines if line]
    return bool(told) and all(_REQUIREMENT.fullmatch(line) for line in told)


def _located(statement: Statement, lines: list[str]) -> Statement:
    """The same with the line on which its words really stand: commands go on over several."""
    at = statement.at
    if at.file:
        return statement
    wanted = at.text.rpartition("… ")[2]
    for number in range(at.line, min(at.line + _AHEAD, len(lines)) + 1):
        if wanted in lines[number - 1]:
            return msgspec.structs.replace(statement, at=Place(number, at.text))
    return statement


TITLES: Mapping[str, str] = {
    "dockerfile": "Dockerfile",
    "compose": "compose file",
    "devcontainer": "development container",
    "tables": "project file",
    "requirements": "requirements file",
    "environment": "conda environment",
    "script": "script",
    "apptainer": "Apptainer definition",
}
"""What people call each kind."""
