"""Values read back from files: a saved ``--json`` answer, or the value alone."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")

_LARGEST = 64 << 20
"""Bytes; no answer of ours is near that, and a device file has no end."""


def content(path: Path) -> bytes:
    """Return what a file holds. Raises OSError, and ValueError for one that is too large."""
    with path.open("rb") as stream:
        found = stream.read(_LARGEST + 1)
    if len(found) > _LARGEST:
        msg = f"it is larger than {_LARGEST >> 20} MiB"
        raise ValueError(msg)
    return found


def read(path: Path, key: str, kind: type[T]) -> T:
    """Return the value under ``key`` of an envelope's data, or the file's whole content.

    Raises ValueError with the reason in words when there is no such value.
    """
    try:
        return value(content(path), key, kind)
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error


def value(data: bytes, key: str, kind: type[T]) -> T:
    """As ``read``, of what a file held."""
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        msg = "it is not JSON"
        raise ValueError(msg) from error
    except RecursionError as error:
        raise ValueError(str(error)) from error
    try:
        if isinstance(document, dict) and isinstance(document.get("data"), dict):
            document = document["data"]
        if isinstance(document, dict) and key in document:
            document = document[key]
        return msgspec.convert(document, kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
