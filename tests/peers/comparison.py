"""What other projects state, beside what the catalog says of the same thing.

Each ``NAME.toml`` of this folder is an extract of one peer: where it was read, and its facts as
rows, a table for each kind. ``cited`` is how our evidence would name that source: a row that rests
on it proves nothing about it, so that it is compared and not counted.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from provisioner import toml
from provisioner.catalog.load import Catalog
from tests.peers import builds, hardware
from tests.peers.ours import NOTHING, Answer, Ours

EXTRACTS = sorted(Path(__file__).parent.glob("*.toml"))
KINDS = hardware.KINDS | builds.KINDS
ABOUT = {"source", "commit", "read", "cited"}
"""What an extract says of itself, beside its tables."""


class Statement(NamedTuple):
    """An answer with its peer; ``independent`` where our row does not rest on that peer."""

    peer: str
    answer: Answer
    independent: bool

    @property
    def counts(self) -> bool:
        """Both sides speak, and ours does not repeat theirs."""
        return self.independent and self.answer.ours != NOTHING


def statements(catalog: Catalog) -> list[Statement]:
    """Every statement of every peer, in the order of the files."""
    ours = Ours(catalog)
    found = []
    for path in EXTRACTS:
        extract = toml.parse(path.read_text(encoding="utf-8"))
        for kind in sorted(extract.keys() - ABOUT):
            for row in extract[kind]:
                for answer in KINDS[kind](ours, *row):
                    own = any(name in answer.evidence for name in extract["cited"])
                    found.append(Statement(path.stem, answer, independent=not own))
    return found
