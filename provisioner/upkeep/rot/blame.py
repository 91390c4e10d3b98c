"""Reading a failure: the line that says what is wrong, and who may be to blame.

Names come in the order of suspicion: what the last line speaks of, then whose code stands in the
traceback, the deepest first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

_FRAME = re.compile(r'^\s*File "[^"]*?/site-packages/([^"/]+)(?:/([^"/]+))?', re.MULTILINE)
_ERROR = re.compile(r"^(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception|Warning|Interrupt)\b.*")
_NO_MODULE = re.compile(r"No module named '?([\w.]+)'?")
_WORD = re.compile(r"[A-Za-z][\w.-]*")
_LONGEST = 200
_ALIASES = {"np": "numpy", "descriptors": "protobuf"}
"""Words that mean a distribution and are not its name."""


def essence(printed: str) -> str:
    """The one line that says what is wrong: of a traceback the error, else the last line."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR.match(line)]
    told = " ".join((errors or lines or ["it printed nothing"])[-1].split())
    told = "".join(letter for letter in told if letter.isprintable())
    return told if len(told) <= _LONGEST else told[: _LONGEST - 1] + "…"


def missing_module(error: str) -> str | None:
    """The module that an error says nobody has, ``pkg_resources``."""
    found = _NO_MODULE.search(error)
    return found[1] if found else None


def modules_in(printed: str) -> Iterator[str]:
    """Paths below site-packages in a traceback, the deepest first: ``google/protobuf``, ``six``."""
    for first, second in reversed(_FRAME.findall(printed)):
        if second:
            yield f"{first}/{second}"
        yield first


def suspects(
    error: str, printed: str, owners: Mapping[str, str], installed: Iterable[str]
) -> tuple[str, ...]:
    """Installed distributions that a failure points to, the likeliest first.

    ``owners`` says which distribution a path below site-packages belongs to.
    """
    names = set(installed)
    words = [_ALIASES.get(word.lower(), word.lower()) for word in _WORD.findall(error)]
    told = [part for word in words for part in (word, *word.split("."))]
    told += [part.replace("_", "-") for part in told] + [owners.get(part, "") for part in told]
    told += [owners.get(path, "") for path in modules_in(printed)]
    return tuple(dict.fromkeys(name for name in told if name in names))
