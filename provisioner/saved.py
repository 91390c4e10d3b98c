"""Values read back from files: a saved ``--json`` answer, or the value alone."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")


def read(path: Path, key: str, kind: type[T]) -> T:
    """Return the value under ``key`` of an envelope's data, or the file's whole content.

    Raises ValueError with the reason in words when there is no such value.
    """
    try:
        document = msgspec.json.decode(path.read_bytes())
        if isinstance(document, dict) and isinstance(document.get("data"), dict):
            document = document["data"]
        if isinstance(document, dict) and key in document:
            document = document[key]
        return msgspec.convert(document, kind)
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
