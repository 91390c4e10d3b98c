"""Text from anywhere, made into words that a file's syntax cannot be broken with."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from itertools import pairwise

from provisioner.errors import BadDataError, UsageError

_WIDTH = 96
_YAML_WIDTH = 74
"""What yamllint allows to a line, less the comment's sign and the deepest indent."""
_ESCAPED = re.compile(r"\$(?=\{)|\\$|(?<=\s)[#-]")
_NOT_REQUIRED = re.compile(r"^[-#]|\s[#-]|\$\{|\\$")


def sh(text: str) -> str:
    """Return one word of a shell command.

    Dollars and backticks stand outside the quotes, escaped: in single quotes linters take them
    for a mistake. A percent sign never comes first: a definition of Apptainer begins a section with
    it, wherever in the line. Raises BadDataError ``bad-plan`` for what does not print: a Dockerfile
    ends its instruction at the end of a line, also inside quotes, and no shell has a word with a
    NUL.
    """
    if not text.isprintable():
        raise BadDataError(
            "bad-plan",
            f"{text[:60]!r} holds characters that do not print.",
            hint="Make the plan again: dlsetup resolve --json",
        )
    word = shlex.quote(text).replace("$", "'\\$'").replace("`", "'\\`'")
    return f"'{word}'" if word.startswith("%") else word


def words(command: Sequence[str], indent: str = "    ") -> str:
    """Return a command as shell words, on several lines where one would be too long."""
    quoted_words = [sh(word) for word in command]
    line = " ".join(quoted_words)
    if len(line) <= _WIDTH:
        return line
    options = (place for place, word in enumerate(command) if place and word.startswith("-"))
    head = next(options, 1)
    lines = [" ".join(quoted_words[:head])]
    for before, word in pairwise(quoted_words[head - 1 :]):
        if before.startswith("--") and before != "--" and not word.startswith("--"):
            lines[-1] += f" {word}"
        else:
            lines.append(indent + word)
    return " \\\n".join(lines)


def comment(text: str) -> str:
    """Return text for a comment: one line, nothing in it that does not print."""
    return "".join(char if char.isprintable() else " " for char in text).strip()


def wrapped(lines: tuple[str, ...], hanging: str) -> tuple[str, ...]:
    """Return comments no longer than YAML's linters allow, what is carried over set in."""
    from textwrap import wrap

    return tuple(
        piece
        for line in lines
        for piece in wrap(
            comment(line),
            _YAML_WIDTH,
            subsequent_indent=hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )
    )


def quoted(text: str) -> str:
    """Return a double-quoted scalar: JSON's rules are also YAML's and Docker's for labels."""
    return json.dumps(comment(text), ensure_ascii=False)


def label(text: str) -> str:
    """Return a double-quoted word of a Dockerfile, in which nothing is expanded."""
    return quoted(text).replace("$", "\\$")


def required(text: str) -> str:
    """Return a line of a requirements file that pip and uv read as the requirement it is.

    They would put variables of the environment in the place of ``${NAME}``, take what follows a
    blank and ``#`` for a comment and what follows a blank and ``-`` for an option, and join a line
    that ends in a backslash with the next; in an address all four can be written otherwise.
    Raises UsageError ``bad-requirement`` where they cannot.
    """
    name, at, rest = comment(text).partition("@")
    address, gap, marker = rest.partition(" ;")
    line = name + at + _ESCAPED.sub(lambda found: f"%{ord(found[0]):02X}", address) + gap + marker
    if _NOT_REQUIRED.search(line):
        raise UsageError(
            "bad-requirement",
            f"{text[:80]!r} would be read as something else in a file of requirements.",
            hint="Write a name with an optional version range, such as 'numpy<2'.",
        )
    return line


def literal(text: str) -> str:
    """Return a string of Python: one line, and nothing in it that ends the string."""
    return json.dumps(comment(text), ensure_ascii=False)


def plain(text: str) -> str:
    """Return what of a version or a name may stand within double quotes, whatever the language."""
    return re.sub(r"[^A-Za-z0-9 ._+-]", "", text)


def identifier(text: str) -> str:
    """Return a name for folders, environments and images: lower case, digits, single hyphens."""
    name = re.match(r"[A-Za-z0-9._-]*", text.strip())
    folded = re.sub(r"[^a-z0-9]+", "-", (name[0] if name else "").lower()).strip("-")
    return folded[:40].strip("-") or "environment"
