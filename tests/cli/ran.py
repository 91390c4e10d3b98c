"""What a run of the command left behind."""

from __future__ import annotations

from typing import Any

import msgspec


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
