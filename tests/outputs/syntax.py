"""Rendered files as the programs that read them see them: trees of plain values, comments gone.

Text that stays text moves no branch of such a tree.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.outputs.dockerfiles import Instruction, instructions
from tests.outputs.kinds import kind_of
from tests.outputs.readers import definition, toml
from tests.outputs.shell_words import HERE, SYNTAX, commands

CANARY = "canary"
"""A program that leaves a file of its name behind; nothing may ever run it."""


class _Strict(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # may be absent
    """Refuses a key that stands twice. The reader in C is many times as fast."""


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    pairs = loader.construct_pairs(node)
    assert len(dict(pairs)) == len(pairs), "a key stands twice"
    return dict(pairs)


_Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def tree(path: str, text: str, folder: Path) -> Any:
    """Return what a file says to its reader; a script is run with all its actions stubbed.

    Raises what the reader raises for broken syntax. ``folder`` is where a canary would be left.
    """
    return TREES[kind_of(path)](text, folder)


def _shell(text: str, folder: Path) -> list[Any]:
    """A script's words, the programs inside it, and what bash itself makes of its words.

    bash runs it in its restricted mode, which writes nothing and calls nothing by a path; what is
    on no PATH only tells its words, and nothing ends it.
    """
    done = subprocess.run(
        ["/bin/bash", "-c", _BEFORE + text.replace('"$uv"', "uv") + _AFTER, "install.sh"],
        cwd=folder,
        env={"PATH": str(stub_path(folder)), "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )
    told = done.stdout.decode().split(SYNTAX)
    assert told[-2:] == ["read to its end", ""], done.stderr.decode(errors="replace")[-2000:]
    return [told, [[_document(word) for word in words] for words in commands(text)]]


_BEFORE = r"""
told() { printf '%s\0' "$@"; }
command_not_found_handle() { told called "$@"; }
set() { :; }
trap() { :; }
exit() { :; }
builtin set -r
"""
_AFTER = r"""
told HOLDS "$HOLDS" functions $(declare -F) "read to its end"
"""


def _document(word: str) -> Any:
    """A here-document as what reads it sees it."""
    if not word.startswith(HERE):
        return word
    delimiter, _, text = word.removeprefix(HERE).partition("\n")
    readers: Mapping[str, Callable[[str], Any]] = {"TOML": toml, "PYTHON": python_tree}
    return readers.get(delimiter, str)(text)


def python_tree(text: str) -> Any:
    """Return a program of Python as a tree. Raises SyntaxError."""
    return _node(ast.parse(text))


def _node(value: Any) -> Any:
    if isinstance(value, ast.AST):
        return [type(value).__name__, *(_node(getattr(value, name)) for name in value._fields)]
    return [_node(one) for one in value] if isinstance(value, list) else value


def stub_path(folder: Path) -> Path:
    """A folder for PATH that holds nothing but the canary."""
    stubs = folder / "bin"
    program = stubs / CANARY
    if not program.exists():
        stubs.mkdir()
        program.write_text(f"#!/bin/sh\n: >'{folder}/sang'\n", encoding="utf-8")
        program.chmod(0o755)
    return stubs


def _dockerfile(text: str, _: Path) -> list[Any]:
    return [[found.name, *_words_of(found)] for found in instructions(text)]


def _words_of(found: Instruction) -> list[Any]:
    if found.name == "RUN":
        return [_with_program(words) for words in found.commands]
    if found.name in {"LABEL", "ENV", "ARG"}:  # words as in a shell, but for backticks
        return [word.replace(f"{SYNTAX}`", "`") for word in commands(found.rest)[0]]
    return [found.rest]


def _with_program(words: list[str]) -> list[Any]:
    """A command; of one that writes lines into a file, what is written."""
    if words[0] != "printf" or words[1] != "%s\\n":
        return words
    lines, name = "\n".join(words[2:-2]), words[-1]
    if name.endswith(".py"):
        return [name, python_tree(lines)]
    return [name, toml(lines)] if name.endswith(".toml") else words


def _yaml(text: str, _: Path) -> Any:
    document = yaml.load(text, Loader=_Strict)  # noqa: S506 - a SafeLoader that refuses more
    for part in document.get("dependencies", ()):
        if isinstance(part, dict):  # conda hands these on to pip as a file
            part["pip"] = pip_lines("\n".join(part["pip"]))
    return document


def pip_lines(text: str) -> list[str]:
    """Return the lines of a requirements file as pip reads them: joined, expanded, uncommented."""
    lines = text.replace("\\\n", "").split("\n")
    plain = (re.sub(r"(^|\s+)#.*$", "", line).strip() for line in lines)
    return [re.sub(r"\$\{[A-Z0-9_]+\}", f"{SYNTAX}$", line) for line in plain if line]


def _toml(text: str, _: Path) -> Any:
    return toml(text)


def _json(text: str, _: Path) -> Any:
    return json.loads(text)


def _json_with_comments(text: str, _: Path) -> Any:
    return json.loads("".join(line for line in text.split("\n") if not line.startswith("//")))


def _cloud_config(text: str, folder: Path) -> Any:
    assert text.startswith("#cloud-config\n")
    document = _yaml(text, folder)
    for written in document["write_files"]:
        if written["path"].endswith("/install.sh"):
            written["content"] = _shell(written["content"], folder)
        elif written["path"].endswith(".sh"):
            written["content"] = commands(written["content"])
    return document


def _requirements(text: str, _: Path) -> list[str]:
    return pip_lines(text)


def _apptainer(text: str, _: Path) -> Any:
    assert "{{" not in text, "a variable of the definition"
    header, sections = definition(text)
    shells = {
        name: [_with_program(words) for words in commands(body)] if name != "labels" else body
        for name, body in sections.items()
    }
    return [header, shells]


TREES: Mapping[str, Callable[[str, Path], Any]] = {
    "shell": _shell,
    "dockerfile": _dockerfile,
    "yaml": _yaml,
    "compose": _yaml,
    "cloud-config": _cloud_config,
    "requirements": _requirements,
    "apptainer": _apptainer,
    "devcontainer": _json,
    "toml": _toml,
    "json": _json,
    "jsonc": _json_with_comments,
}
