"""What a rule finds, before it is told with the name of its file."""

from __future__ import annotations

import msgspec

from provisioner.check.said import Place
from provisioner.report import Confidence, Severity


class Flaw(msgspec.Struct, frozen=True, kw_only=True):
    """As a Finding; ``places`` are the lines that it is about, the first of them decides."""

    reference: str
    severity: Severity
    message: str
    places: tuple[Place, ...] = ()
    evidence: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    confidence: Confidence = "certain"


def softened(flaw: Flaw, *, conditional: bool) -> Flaw:
    """A flaw of what stands in a branch is a note: nobody knows whether it is taken."""
    if not conditional or flaw.severity == "note":
        return flaw
    return msgspec.structs.replace(flaw, severity="note", confidence="unsure")
