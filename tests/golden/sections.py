"""A rendered script taken apart: what stands before its steps, and each step by its title."""

from __future__ import annotations

import re

START = "\n{ # bash reads all of this before it does any of it\n"


def head(script: str) -> str:
    """What a script does before its first step."""
    return script[: script.index(START)]


def sections(script: str) -> dict[str, str]:
    """What a script does in each step, with the functions before it, by the step's title."""
    body = script[script.index(START) + len(START) : script.rindex("\ntrap - EXIT\n")]
    found = [text.strip() for text in re.split(r"^step \d+ (.*)\n", body, flags=re.MULTILINE)]
    titles = [title.strip("'") for title in found[1::2]]
    return dict(zip(titles, found[2::2], strict=True))


def section(script: str, title: str) -> str:
    """The one step whose title starts so."""
    (found,) = [text for name, text in sections(script).items() if name.startswith(title)]
    return found


def only(commands: str, script: str) -> str:
    """A script that does these commands where it would do its steps.

    The functions of its first step are known to them.
    """
    return f"{script[: script.index(chr(10) + 'step 1 ')]}\n{commands}\ntrap - EXIT\n}}\n"
