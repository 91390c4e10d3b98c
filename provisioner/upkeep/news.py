"""What a refresh would change, row by row, each with the source that says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from provisioner.catalog import sheets
from provisioner.catalog.problems import called

_TOLD = {
    "cuda": "CUDA {}",
    "bundles_cuda": "CUDA {}",
    "rocm": "ROCm {}",
    "cudnn": "cuDNN {}",
    "driver_floor": "driver {}",
    "architectures": "{}",
    "sass": "{}",
    "ptx": "{}",
    "pythons": "Python {}",
    "toolkits": "toolkits {}",
    "requires": "requires {}",
    "name": "{}",
}
_MANY = 6


class News(msgspec.Struct, frozen=True):
    """One row that is new or differs; as text it is one line."""

    sheet: str
    """The sheet's path below the catalog."""
    change: str
    """``added`` or ``changed``."""
    row: str
    """The row's key."""
    facts: tuple[str, ...]
    """What it says; of a changed row, each key with the old and the new value."""
    source: str

    def __str__(self) -> str:
        sign = {"added": "+", "changed": "~"}[self.change]
        told = f": {'; '.join(self.facts)}" if self.facts else ""
        return f"{sign} {self.row}{told} [{self.source}]"


def news(
    sheet: sheets.Sheet, old: Iterable[msgspec.Struct], fresh: Iterable[msgspec.Struct]
) -> Iterator[News]:
    """Compare two states of a sheet; a row that only has another day is no news."""
    key, name = sheets.order(sheet), sheets.identity(sheet)
    before = {name(row): row for row in old}
    for row in sorted(fresh, key=key):
        was = before.get(name(row))
        if was is None:
            yield News(sheet.path, "added", called(sheet, row), tuple(_told(row)), _source(row))
        elif changed := tuple(_differences(was, row)):
            yield News(sheet.path, "changed", called(sheet, row), changed, _source(row))


def _told(row: msgspec.Struct) -> Iterator[str]:
    for field, words in _TOLD.items():
        if value := getattr(row, field, None):
            yield words.format(_short(value))


def _differences(was: msgspec.Struct, row: msgspec.Struct) -> Iterator[str]:
    for field in row.__struct_fields__:
        old, new = getattr(was, field, None), getattr(row, field)
        if old != new and field != "checked":
            yield f"{field} {_short(old)} -> {_short(new)}"


def _short(value: object) -> str:
    if isinstance(value, msgspec.Struct):
        return " ".join(f"{k}={_short(v)}" for k, v in msgspec.structs.asdict(value).items() if v)
    if isinstance(value, tuple):
        words = [_short(item) for item in value]
        if len(words) > _MANY:
            words = [words[0], f"… {len(words) - 2} more …", words[-1]]
        return " ".join(words) or "none"
    return "unknown" if value is None else str(value)


def _source(row: msgspec.Struct) -> str:
    """The wheel that was read, or the first document."""
    evidence = str(getattr(row, "evidence", ""))
    wheel = evidence.partition(":")[0]
    return wheel if wheel.endswith(".whl") else evidence.partition("; ")[0]
