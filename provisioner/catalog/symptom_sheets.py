"""The sheets of ``doctor``, as properties of the catalog."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TypeVar

from provisioner.catalog import sheets, symptom_rows
from provisioner.catalog.rows import Row

_Row = TypeVar("_Row", bound=Row)


class SymptomSheets(ABC):
    """What points at causes and what to do about them; the catalog reads them as all its sheets."""

    @abstractmethod
    def _read(self, sheet: sheets.Sheet, kind: type[_Row]) -> tuple[_Row, ...]:
        """The rows of a sheet."""

    @cached_property
    def signs(self) -> tuple[symptom_rows.Sign, ...]:
        """Words that point at causes."""
        return tuple(row for sheet in sheets.SIGNS for row in self._read(sheet, symptom_rows.Sign))

    @cached_property
    def translations(self) -> tuple[symptom_rows.Translation, ...]:
        """Words of programs in other languages."""
        return self._read(sheets.TRANSLATIONS, symptom_rows.Translation)

    @cached_property
    def wordings(self) -> tuple[symptom_rows.Wording, ...]:
        """Words that lean towards causes."""
        return self._read(sheets.WORDINGS, symptom_rows.Wording)

    @cached_property
    def inferences(self) -> tuple[symptom_rows.Inference, ...]:
        """What follows where several symptoms hold at once."""
        return self._read(sheets.INFERENCES, symptom_rows.Inference)

    @cached_property
    def remedies(self) -> tuple[symptom_rows.Remedy, ...]:
        """What to do about each cause, in order."""
        return self._read(sheets.REMEDIES, symptom_rows.Remedy)
