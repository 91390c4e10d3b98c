"""Shell text taken apart into commands and words, as far as rendered texts use the shell.

What a shell would expand or treat as an operator is marked, so that it equals no plain word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

SYNTAX = "\0"
"""Begins what is not text to the shell: ``\\0$`` is an expansion, ``\\0>`` a redirection."""
HERE = SYNTAX + "<<"
"""Begins a here-document, which stands as one word: its delimiter in a line, then its text."""

_END = SYNTAX + "end"
_BLANK = " \t"
_ENDS = ";&|\n"
_OPERATORS = "<>()"
_PATTERNS = "*?[{~"
_DELIMITER = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")


def commands(text: str) -> list[list[str]]:
    """Return the simple commands of a text in order, each a list of its words.

    Comments go, quotes and escapes are undone, ``;``, ``&&``, ``||``, ``|`` and ends of lines part
    commands. Raises ValueError for a quote or a here-document that does not end.
    """
    found: list[list[str]] = [[]]
    for word in _Reader(text).words():
        if word == _END:
            found.append([])
        else:
            found[-1].append(word)
    return [command for command in found if command]


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.delimiters: list[str] = []

    def words(self) -> Iterator[str]:
        word: str | None = None
        while self.place < len(self.text):
            char = self.text[self.place]
            if char == "#" and word is None:
                self.place = self._line_end()
            elif self.text.startswith("\\\n", self.place):
                self.place += 2
            elif char in _BLANK or char in _ENDS or char in _OPERATORS:
                if word is not None:
                    yield word
                word = None
                yield from self._operator(char)
            else:
                word = (word or "") + self._piece(char)
        if word is not None:
            yield word
        if self.delimiters:
            raise ValueError("a here-document that does not begin")

    def _operator(self, char: str) -> Iterator[str]:
        delimiter = _DELIMITER.match(self.text, self.place)
        if delimiter:
            self.delimiters.append(delimiter[2])
            self.place = delimiter.end()
            return
        self.place += 1
        if char == "\n":
            for name in self.delimiters:
                yield f"{HERE}{name}\n{self._document(name)}"
            self.delimiters = []
        if char in _ENDS:
            yield _END
        elif char in _OPERATORS:
            yield SYNTAX + char

    def _document(self, delimiter: str) -> str:
        start = self.place
        while self.place < len(self.text):
            end = self._line_end()
            line = self.text[self.place : end]
            if line == delimiter:
                body = self.text[start : self.place]
                self.place = end
                return body
            self.place = end + 1
        raise ValueError(f"a here-document without its {delimiter}")

    def _piece(self, char: str) -> str:
        """The next part of a word, undone."""
        if char == "'":
            end = self.text.find("'", self.place + 1)
            if end < 0:
                raise ValueError("a quote that does not end")
            found = self.text[self.place + 1 : end]
            self.place = end + 1
            return found
        if char == '"':
            self.place += 1
            return self._double()
        if char == "\\":
            self.place += 2
            return self.text[self.place - 1 : self.place]
        self.place += 1
        return SYNTAX + char if char in "$`" or char in _PATTERNS else char

    def _double(self) -> str:
        found = ""
        while self.place < len(self.text):
            char = self.text[self.place]
            self.place += 1
            if char == '"':
                return found
            after = self.text[self.place : self.place + 1]
            if char == "\\" and after and after in '$`"\\\n':
                found += after.strip("\n")
                self.place += 1
            else:
                found += SYNTAX + char if char in "$`" else char
        raise ValueError("a quote that does not end")

    def _line_end(self) -> int:
        end = self.text.find("\n", self.place)
        return len(self.text) if end < 0 else end
