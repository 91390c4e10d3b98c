"""Dockerfiles, and Containerfiles: stages, each with what it stands on and what it installs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import msgspec

from provisioner.check.readers import commands, compiling, python_calls, shell
from provisioner.check.said import Image, Part, Place, Statement

_INSTRUCTION = re.compile(r"\s*([A-Za-z]+)\s+(.*)", re.DOTALL)
_FLAG = re.compile(r"^\s*--[a-z-]+(=\S+)?\s+")
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)([A-Za-z_]\w*)\1")
_SETTING = re.compile(r"([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|\S*)")

_MOST_STAGES = 100


class Instruction(msgspec.Struct, frozen=True):
    """One instruction with what follows it; ``script`` is its here-document."""

    word: str
    rest: str
    line: int
    script: str = ""


def read(text: str) -> tuple[Part, ...]:
    """Return a part for each stage, with what the stages below it hold."""
    builder = _Builder()
    for instruction in instructions(text):
        builder.take(instruction)
    return builder.parts()


def instructions(text: str) -> Iterator[Instruction]:
    """Yield the instructions with their continuations joined and comments left out."""
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        start = at
        kept: list[str] = []
        while at < len(lines):
            line = lines[at].rstrip()
            at += 1
            if line.lstrip().startswith("#"):
                if kept:
                    continue
                break
            if kept and not line:  # Docker passes over blank lines between continued ones
                continue
            more = line.endswith("\\")
            kept.append(line.removesuffix("\\"))
            if not more:
                break
        match = _INSTRUCTION.fullmatch(" ".join(kept))
        if not match:
            continue
        script: list[str] = []
        for heredoc in _HEREDOC.finditer(match[2]) if match[1].upper() == "RUN" else ():
            while at < len(lines) and lines[at].strip() != heredoc[2]:
                script.append(lines[at])
                at += 1
            at += 1
        yield Instruction(match[1].upper(), match[2], start + 1, "\n".join(script))


class _Builder:
    """Takes instructions one by one."""

    def __init__(self) -> None:
        self.arguments: dict[str, str] = {}
        self.settings: dict[str, str] = {}
        self.stages: dict[str, list[Statement]] = {}
        self.inherited: dict[str, dict[str, str]] = {}
        self.used: set[str] = set()
        self.name = ""
        self.begun = False

    def take(self, instruction: Instruction) -> None:
        """Take in one instruction."""
        match instruction.word:
            case "FROM":
                self._stage(instruction)
            case "ARG":
                known = self.settings if self.begun else self.arguments
                for name, value in _SETTING.findall(instruction.rest):
                    known[name] = shell.substituted(value.strip("'\""), known)
                    self._say(name, instruction.line)
                for name in instruction.rest.split() if self.begun else ():
                    if name in self.arguments:  # a stage has to name what it takes from above
                        self.settings.setdefault(name, self.arguments[name])
            case "ENV":
                self._set(instruction)
            case "RUN" if self.begun:
                self._run(instruction)
            case "COPY" | "ADD" | "SHELL" if self.begun:
                said = python_calls.opaque_instruction(
                    instruction.word, instruction.rest, instruction.line
                )
                self.stages[self.name] += said
            case _:
                pass

    def parts(self) -> tuple[Part, ...]:
        """The stages; the last one is what is built."""
        last = next(reversed(self.stages), None)
        return tuple(
            Part(inside="image", name=name, statements=tuple(found), final=name == last)
            for name, found in self.stages.items()
        )

    def _stage(self, instruction: Instruction) -> None:
        rest = instruction.rest
        while _FLAG.match(rest):
            rest = _FLAG.sub("", rest, count=1)
        words = shell.substituted(rest, self.arguments).split()
        if not words:
            return
        if len(self.stages) >= _MOST_STAGES:
            self.begun = False
            return
        base = words[0].strip("'\"")
        named = [word.lower() for word in words[1:]][-1:]
        self.name = named[0] if named else f"stage {len(self.stages)}"
        self.begun = True
        found: list[Statement] = []
        if base.lower() in self.stages:
            found = list(self.stages[base.lower()])
            self.settings = dict(self.inherited[base.lower()])
        else:
            self.settings = {}
            if base != "scratch":
                found = [Image(name=base, at=Place(instruction.line, base))]
        self.stages[self.name] = found
        self.inherited[self.name] = self.settings

    def _set(self, instruction: Instruction) -> None:
        """``ENV NAME=value …``, and the old form with a blank."""
        rest = instruction.rest
        pairs = _SETTING.findall(rest)
        if not pairs or not re.match(r"\s*[A-Za-z_]\w*=", rest):
            name, _, value = rest.strip().partition(" ")
            pairs = [(name, value.strip())]
        for name, value in pairs:
            self.settings[name] = shell.substituted(value.strip("'\""), self.settings)
            self._say(name, instruction.line)

    def _say(self, name: str, line: int) -> None:
        """What a variable tells those who compile in this stage."""
        if self.begun and name in self.settings:
            value = {name: self.settings[name]}
            self.stages[self.name] += compiling.settings(value, line)
            self.stages[self.name] += python_calls.opaque_settings(value, line)

    def _run(self, instruction: Instruction) -> None:
        rest = instruction.rest
        while _FLAG.match(rest):
            rest = _FLAG.sub("", rest, count=1)
        said = python_calls.opaque_text(f"{rest}\n{instruction.script}", instruction.line)
        self.stages[self.name] += said
        if instruction.script:
            found = shell.commands(instruction.script, self.settings, instruction.line + 1)
        elif rest.lstrip().startswith("["):
            found = _listed(rest, instruction.line)
        else:
            found = shell.commands(rest, self.settings, instruction.line)
        self.stages[self.name] += commands.statements(found, self.settings)


def _listed(rest: str, line: int) -> list[shell.Command]:
    """The form without a shell: a JSON list of words."""
    try:
        words = json.loads(rest)
    except ValueError:
        return []
    if isinstance(words, list) and words and all(isinstance(word, str) for word in words):
        return [shell.Command(tuple(words), line)]
    return []
