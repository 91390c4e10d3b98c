"""What a file says and nobody could read: it is told, for silence would look like a fit."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.check.flaw import Flaw
from provisioner.check.ground import Ground


def flaws(ground: Ground) -> Iterator[Flaw]:
    """Yield what could not be read: an error where the installer stops at it too."""
    for one in ground.part.unread():
        yield Flaw(
            reference=one.reference,
            severity="error" if one.stops else "warning",
            message=one.reason,
            places=(one.at,),
            fix=one.fix,
            confidence="certain" if one.stops else "unsure",
        )
