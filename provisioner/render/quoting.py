"""Text from anywhere, made into words that a file's syntax cannot be broken with."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from itertools import pairwise

_WIDTH = 96


def sh(text: str) -> str:
    """Return one word of a shell command.

    Dollars and backticks stand outside the quotes, escaped: in single quotes linters take them
    for a mistake.
    """
    return shlex.quote(text).replace("$", "'\\$'").replace("`", "'\\`'")


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


def quoted(text: str) -> str:
    """Return a double-quoted scalar: JSON's rules are also YAML's and Docker's for labels."""
    return json.dumps(comment(text), ensure_ascii=False)


def label(text: str) -> str:
    """Return a double-quoted word of a Dockerfile, in which nothing is expanded."""
    return quoted(text).replace("$", "\\$")


def literal(text: str) -> str:
    """Return a string of Python: one line, and nothing in it that ends the string."""
    return json.dumps(comment(text))


def plain(text: str) -> str:
    """Return what of a version or a name may stand within double quotes, whatever the language."""
    return re.sub(r"[^A-Za-z0-9 ._+-]", "", text)


def identifier(text: str) -> str:
    """Return a name for folders, environments and images: lower case, digits, single hyphens."""
    name = re.match(r"[A-Za-z0-9._-]*", text.strip())
    folded = re.sub(r"[^a-z0-9]+", "-", (name[0] if name else "").lower()).strip("-")
    return folded[:40].strip("-") or "environment"
