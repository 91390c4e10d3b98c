"""Shell text taken apart into commands and words, as far as rendered texts use the shell.

What a shell would expand or treat as an operator is marked, so that it equals no plain word.
"""

from __future__ import annotations

from collections.abc import Iterator

SYNTAX = "\0"
"""Begins what is not text to the shell: ``\\0$`` is an expansion, ``\\0>`` a redirection."""

_BLANK = " \t"
_ENDS = ";&|\n"
_OPERATORS = "<>()"
_PATTERNS = "*?[{~"


def commands(text: str) -> list[list[str]]:
    """Return the simple commands of a text in order, each a list of its words.

    Comments go, quotes and escapes are undone, ``;``, ``&&``, ``||``, ``|`` and ends of lines part
    commands. Raises ValueError for a quote that does not end, and for a here-document.
    """
    found: list[list[str]] = [[]]
    for word in _words(text):
        if word == SYNTAX + "end":
            found.append([])
        else:
            found[-1].append(word)
    return [command for command in found if command]


def _words(text: str) -> Iterator[str]:
    word: str | None = None
    place = 0
    while place < len(text):
        char = text[place]
        if char == "#" and word is None:
            place = _line_end(text, place)
            continue
        if text.startswith("\\\n", place):
            place += 2
            continue
        if char in _BLANK or char in _ENDS or char in _OPERATORS:
            if word is not None:
                yield word
            word = None
            place += 1
            if char in _ENDS:
                yield SYNTAX + "end"
            elif char in _OPERATORS:
                if text.startswith("<<", place - 1):
                    raise ValueError("a here-document")
                yield SYNTAX + char
            continue
        piece, place = _piece(text, place)
        word = (word or "") + piece
    if word is not None:
        yield word


def _piece(text: str, place: int) -> tuple[str, int]:
    """The next part of a word, undone, and where it ends."""
    char = text[place]
    if char == "'":
        end = _closing(text, place)
        return text[place + 1 : end], end + 1
    if char == '"':
        return _double(text, place + 1)
    if char == "\\":
        return text[place + 1], place + 2
    return (SYNTAX + char if char in "$`" or char in _PATTERNS else char), place + 1


def _double(text: str, place: int) -> tuple[str, int]:
    found = ""
    while place < len(text):
        char = text[place]
        if char == '"':
            return found, place + 1
        if char == "\\" and text[place + 1] in '$`"\\\n':
            found += text[place + 1].strip("\n")
            place += 2
            continue
        found += SYNTAX + char if char in "$`" else char
        place += 1
    raise ValueError("a quote that does not end")


def _closing(text: str, place: int) -> int:
    end = text.find("'", place + 1)
    if end < 0:
        raise ValueError("a quote that does not end")
    return end


def _line_end(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end


def functions(script: str) -> dict[str, str]:
    """Return the bodies of a script's functions by name, each up to its brace in column one."""
    found: dict[str, str] = {}
    name = ""
    for line in script.split("\n"):
        if line.endswith("() {") and not line[:1].isspace():
            name = line.removesuffix("() {")
            found[name] = ""
        elif line == "}":
            name = ""
        elif name:
            found[name] += f"{line}\n"
    return found
