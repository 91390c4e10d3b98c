"""Writing sheets in the one form that reading them gives back: ``dump(read(x)) == x``.

Total control of the bytes keeps a diff to what is new: fields in a fixed order, proof and date
last, defaults left out, rows in the order of the sheet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

from provisioner.catalog import sheets
from provisioner.catalog.contents import Contents

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LAST = ("kind", "evidence", "checked")


def dump(sheet: sheets.Sheet, found: Iterable[msgspec.Struct], header: str = "") -> bytes:
    """One sheet as bytes.

    ``header`` is the comment at the head of a TOML sheet, as ``header_of`` gives it; sheets
    without a sort key keep the order they are given in.
    """
    listed = sorted(found, key=sheets.order(sheet)) if sheet.key else list(found)
    if sheet.table:
        tables = [_table(sheet.table, _ordered(row)) for row in listed]
        return (header + "\n".join(tables)).encode()
    return "".join(_line(_ordered(row)) for row in listed).encode()


def dump_contents(contents: Contents) -> bytes:
    """The table of contents as bytes."""
    return (json.dumps(msgspec.to_builtins(contents), indent=1) + "\n").encode()


def header_of(text: bytes) -> str:
    """The comment and blank lines before the first table of a TOML sheet."""
    lines = []
    for line in text.decode().splitlines(keepends=True):
        if line.strip() and not line.startswith("#"):
            break
        lines.append(line)
    return "".join(lines)


def _ordered(row: msgspec.Struct) -> dict[str, Any]:
    # Defaults are compared by value: msgspec leaves an empty tuple out only if it is the same one.
    unsaid = {name for name, default in _defaults(type(row)) if getattr(row, name) == default}
    plain = {key: value for key, value in msgspec.to_builtins(row).items() if key not in unsaid}
    first = {key: plain[key] for key in plain if key not in _LAST}
    return first | {key: plain[key] for key in _LAST if key in plain}


@cache
def _defaults(kind: type[msgspec.Struct]) -> list[tuple[str, object]]:
    """The fields that may be left out, each with what they are then."""
    fields = msgspec.structs.fields(kind)
    return [(field.name, field.default) for field in fields if not field.required]


def _line(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False) + "\n"


def _table(name: str, fields: dict[str, Any]) -> str:
    lines = [f"[[{name}]]"] + [f"{key} = {_value(value)}" for key, value in fields.items()]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # TOML's strings are JSON's, but for one control character that JSON lets pass.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, dict):
        pairs = (f"{_key(key)} = {_value(item)}" for key, item in value.items())
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    return str(value)


def _key(text: str) -> str:
    return text if _BARE.fullmatch(text) else _value(text)
