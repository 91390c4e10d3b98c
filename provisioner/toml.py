"""TOML: read with what this Python has, written in one form.

The same values always give the same text, and no text can break out of its quotes.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from collections.abc import Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def parse(text: str) -> dict[str, Any]:
    """Parse TOML. Raises ValueError."""
    # Imported late: it costs more than all JSON sheets together.
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    document: dict[str, Any] = tomllib.loads(text)
    return document


def key(name: str) -> str:
    """Return a name as a key, in quotes where it needs them."""
    return name if _BARE.fullmatch(name) else _quoted(name)


def value(thing: object) -> str:
    """Return a value on one line; a mapping becomes an inline table, in its own order.

    Raises TypeError for what TOML has no form for, None among it.
    """
    match thing:
        case bool():
            return str(thing).lower()
        case str():
            return _quoted(thing)
        case int():
            return str(thing)
        case dt.datetime():
            return thing.isoformat().replace("+00:00", "Z")
        case Mapping():
            inside = ", ".join(f"{key(name)} = {value(item)}" for name, item in thing.items())
            return f"{{{inside and f' {inside} '}}}"
        case list() | tuple():
            return f"[{', '.join(value(item) for item in thing)}]"
        case _:
            msg = f"TOML has no {type(thing).__name__}"
            raise TypeError(msg)


def lines(table: Mapping[str, object]) -> str:
    """Return a table's keys and values, one a line; what is None is left out."""
    return "".join(
        f"{key(name)} = {value(item)}\n" for name, item in table.items() if item is not None
    )


def _quoted(text: str) -> str:
    """A basic string: JSON's escapes are TOML's too, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
