"""Rendered files as the programs that read them see them: trees of plain values, comments gone.

Text that stays text moves no branch of such a tree.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.outputs.dockerfiles import Instruction, instructions
from tests.outputs.kinds import kind_of
from tests.outputs.readers import toml
from tests.outputs.shell_words import SYNTAX, commands

CANARY = "canary"
"""A program that leaves a file of its name behind; nothing may ever run it."""


class _Strict(yaml.SafeLoader):
    """Refuses a key that stands twice, and an alias: nothing that is rendered has any."""


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


def _shell(text: str, folder: Path) -> list[str]:
    """What a script runs: with every function but those of its steps stubbed to tell its words."""
    start, end, rest = text.rpartition('\nmain "$@"\n')
    assert end
    stubbed = f"{start}\n{_STUBS}{end}{rest}"
    done = subprocess.run(
        ["/bin/bash", "-c", stubbed, "install.sh"],
        cwd=folder,
        env={"PATH": str(stub_path(folder)), "HOME": str(folder)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    return done.stdout.decode().split("\0")


_STUBS = r"""
told() { printf '%s\0' "$@"; }
told functions "${@:+never}" $(declare -F)
for name in PLANNED_OS PLANNED_VERSION PLANNED_ARCH PLANNED_WSL TOTAL HOLDS PLAN; do
  told "$name" "${!name:-}"
done
told "${ROOT_STEPS[@]:-}"
while read -r _ _ name; do
  case $name in
    check_* | do_* | main | told | finish) ;;
    *) eval "$name() { told call $name \"\$@\"; }" ;;
  esac
done < <(declare -F)
step() { told step "$@"; "check_$2"; "do_$2"; }
environment=/nowhere finished=$TOTAL uv=uv tools=/nowhere
"""


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
        return found.commands
    if found.name in {"LABEL", "ENV", "ARG"}:  # words as in a shell, but for backticks
        return [word.replace(f"{SYNTAX}`", "`") for word in commands(found.rest)[0]]
    return [found.rest]


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


TREES: Mapping[str, Callable[[str, Path], Any]] = {
    "shell": _shell,
    "dockerfile": _dockerfile,
    "yaml": _yaml,
    "toml": _toml,
    "json": _json,
}
