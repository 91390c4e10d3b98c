"""What a run of the command left behind."""

from __future__ import annotations

import re
from typing import Any

import msgspec

_LOOKED_AT = re.compile(r"looked at \d{4}-\d\d-\d\d")


def without_its_day(text: str) -> str:
    """Text without the day of the catalog, which every change of a row moves."""
    return _LOOKED_AT.sub("looked at DAY", text)


class Ran(msgspec.Struct, frozen=True):
    """An exit code and two streams; the rest is read out of ``--json``."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return msgspec.json.decode(self.out)

    @property
    def data(self) -> Any:
        return self.document["data"]

    @property
    def error(self) -> Any:
        return self.document["errors"][0]

    @property
    def packages(self) -> dict[str, str]:
        """Of a lock: versions by name."""
        return {item["name"]: item["version"] for item in self.data["packages"]}
