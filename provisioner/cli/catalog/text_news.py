"""News of the catalog for people: a line each, sheet by sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provisioner.upkeep.news import News

_SHOWN = 200


def lines(news: Sequence[News]) -> Iterator[str]:
    """The lines that tell news; of very many the first."""
    sheet = ""
    for item in news[:_SHOWN]:
        if item.sheet != sheet:
            sheet = item.sheet
            yield sheet
        yield f"  {item}"
    if len(news) > _SHOWN:
        yield f"  and {len(news) - _SHOWN} more, see --json"
