"""Shell text into simple commands: lists of words with their line, and nothing is run.

Variables that are set to one plain text stand for that text, commands that are kept in one among
them; a word with any other keeps its ``$``, and whoever reads it knows that it is not known.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from provisioner.check.readers.comments import without_comments

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\+?)=(.*)", re.DOTALL)
_MAY_ASSIGN = re.compile(r"(?:^|[\s;&|({])[A-Za-z_]\w*\+?=")
_DECLARES = frozenset({"export", "readonly", "declare", "typeset", "local"})
_VARIABLE = re.compile(
    r"\$(?:\{(?P<name>[A-Za-z_]\w*)"
    r"(?:(?P<else>:?-)(?P<default>[^{}$]*)|(?P<then>:?\+)(?P<given>[^{}$]*)"
    r"|(?P<cut>%%?)(?P<mark>[.-])\*|(?P<every>//?)(?P<old>[^{}$/*?\[\\]+)/(?P<new>[^{}$/]*))?\}"
    r"|(?P<plain>[A-Za-z_]\w*))"
)
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)([A-Za-z_]\w*)\1")
_BREAKS = frozenset({"&&", "||", ";", "|", "&", "(", ")", ";;", "\n", "|&", "{", "}"})
_SIGNS = re.compile(r"[();|&]+")
"""Several side by side come as one word: ``);``."""
_OPENS = {"if": "fi", "case": "esac"}
_KEYWORDS = frozenset({"then", "else", "elif", "do", "done", "if", "while", "until", "!", "time"})
_WORTH_READING = re.compile(
    r"pip|conda|mamba|\bapt|aptitude|dpkg|dnf|yum|zypper|\buv\b|poetry|pdm|python|key|\.run\b"
    r"|wget|curl|activate|workon|\b(if|fi|case|esac)\b|nvcc|ccbin|ARCH|arch=|BREAK_SYSTEM|EXTERNALLY|\b(gcc|g\+\+)-\d"
)
"""Splitting into words is slow, and of most lines nothing comes."""
_HIDDEN = {ord(sign): 0xE000 + at for at, sign in enumerate("();<>|&")}
_SHOWN = {hidden: sign for sign, hidden in _HIDDEN.items()}
"""A shell splits at a sign that is written, and at none that a variable holds."""
_LONGEST = 20_000
"""Characters of one command; what is longer was not written by hand."""
_MOST_LINES = 200
"""That a quoted text may go on for."""
_NESTED = 2
"""Variables inside the default of another one."""
_LONGEST_VALUE = 2000
"""Characters of a variable that is put in its place."""


class Command(NamedTuple):
    """One simple command."""

    words: tuple[str, ...]
    line: int
    conditional: bool = False
    """It stands between ``if`` and ``fi``, or in a ``case``, and not after ``if !``."""


def commands(
    text: str, variables: Mapping[str, str] | None = None, first: int = 1
) -> list[Command]:
    """Return the simple commands of a shell text; ``first`` is the number of its first line.

    ``variables`` are known besides those that the text sets.
    """
    logical = list(_logical_lines(text, first))
    known = _known(logical, variables or {})
    found: list[Command] = []
    inside: list[bool] = []
    for number, raw in logical:
        line = substituted(raw, known, hidden=True)
        for words in _simple(line) if _WORTH_READING.search(line) else ():
            if words[0] in _OPENS:
                # What is done only where it is not yet so is meant for every machine.
                inside.append(words[:2] != ["if", "!"])
            elif words[0] in _OPENS.values() and inside:
                inside.pop()
            kept = [word.translate(_SHOWN) for word in _without_keywords(words)]
            if kept:
                found.append(Command(tuple(kept), number, any(inside)))
    return found


def substituted(text: str, variables: Mapping[str, str], *, hidden: bool = False) -> str:
    """Put known values in the place of ``$NAME``, ``${NAME:-default}``, ``${NAME%.*}`` and so on.

    A text that would grow beyond what anybody writes stays as it is. ``hidden`` puts other letters
    in the place of the signs that end a command: of those that a value holds none does.
    """

    def value(match: re.Match[str]) -> str:
        held = variables.get(match["name"] or match["plain"])
        if held is None and match["default"] is None:
            return match[0]
        if len(held or "") > _LONGEST_VALUE:
            return match[0]
        made = match["default"] if held is None else _expanded(match, held)
        return made.translate(_HIDDEN) if hidden else made

    for _ in range(_NESTED):
        made = _VARIABLE.sub(value, text)
        if made == text or len(made) >= _LONGEST:
            break
        text = made
    return text


def _expanded(match: re.Match[str], held: str) -> str:
    """What a shell makes of a variable that holds this."""
    if match["else"]:
        return held or match["default"]
    if match["then"]:
        return match["given"] if held else ""
    if match["cut"]:
        kept = held.partition if match["cut"] == "%%" else held.rpartition
        return kept(match["mark"])[0] if match["mark"] in held else held
    if match["every"]:
        return held.replace(match["old"], match["new"], -1 if match["every"] == "//" else 1)
    return held


def is_known(word: str) -> bool:
    """Whether a word says itself what it is: nothing in it is left to a shell."""
    return not re.search(r"[$`]", word)


def _logical_lines(text: str, first: int) -> Iterator[tuple[int, str]]:
    """Lines with their continuations, without what stands in here-documents."""
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        start, line = at, lines[at]
        while line.endswith("\\") and at + 1 < len(lines) and len(line) < _LONGEST:
            at += 1
            # A comment between continued lines is no part of them; Dockerfiles may hold some.
            more = "\\" if lines[at].lstrip().startswith("#") else lines[at]
            line = line[:-1] + " " + more
        ends = [match[2] for match in _HEREDOC.finditer(line)]
        at += 1
        quote = "" if ends else _quote_open(line)
        while quote and at < min(len(lines), start + _MOST_LINES) and len(line) < _LONGEST:
            quote = _quote_open(lines[at], quote)
            line += "\n" + lines[at]
            at += 1
        if len(line) < _LONGEST and line.strip():
            yield first + start, line
        for end in ends:
            while at < len(lines) and lines[at].strip() != end:
                at += 1
            at += 1


def _quote_open(line: str, quote: str = "") -> str:
    """The quote that is open after a line, if ``quote`` was before it; empty for none."""
    at = 0
    while at < len(line):
        letter = line[at]
        if letter == "\\" and quote != "'":
            at += 1
        elif quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter == "#" and (at == 0 or line[at - 1].isspace()):
            break
        at += 1
    return quote


def _simple(line: str) -> Iterator[list[str]]:
    """The simple commands of a logical line; nothing of one whose quotes do not close."""
    plain = without_comments(line).replace("\n", " ")
    lexer = shlex.shlex(plain, posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    lexer.commenters = ""  # it takes the # of $# for one
    words: list[str] = []
    try:
        for word in lexer:
            if word in _BREAKS or _SIGNS.fullmatch(word):
                if words:
                    yield words
                words = []
            else:
                words.append(word)
    except ValueError:
        return
    if words:
        yield words


def _without_keywords(words: list[str]) -> list[str]:
    while words and words[0] in _KEYWORDS:
        words = words[1:]
    return words


def _known(lines: Iterable[tuple[int, str]], given: Mapping[str, str]) -> dict[str, str]:
    """The variables with one plain value: those that are given, and those that the text sets.

    What is set to several values, or to what a shell has to find out, is not known.
    """
    known = dict(given)
    values: dict[str, set[str]] = {}
    for _, line in lines:
        for name, text in _assignments(line):
            value = substituted(text, known)
            values.setdefault(name, set()).add(value)
            if len(values[name]) == 1 and is_known(value):
                known[name] = value
            else:
                known.pop(name, None)
    return known


def _assignments(line: str) -> Iterator[tuple[str, str]]:
    """What a line sets for the commands after it: ``A=1 && B=2``, and no ``A=1 command``."""
    if not _MAY_ASSIGN.search(line):
        return
    for words in _simple(line):
        rest = _without_keywords(words)
        declared = bool(rest) and rest[0] in _DECLARES
        found = [_ASSIGNMENT.fullmatch(word) for word in rest[declared:]]
        for match in found:
            # Words between backquotes are split here: what begins with one is set all the same.
            if match and (declared or all(found) or match[3].startswith("`")):
                yield match[1], "$" if match[2] else match[3]
