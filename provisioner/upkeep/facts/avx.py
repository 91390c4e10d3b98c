"""From which release on TensorFlow needs AVX, as the notes have it."""

from __future__ import annotations

import re

from provisioner.catalog.sheets import natural
from provisioner.upkeep.facts.table import Facts, short

_NOTE = re.compile(r"PyPI binaries >= ([\d.]+) need AVX; .* ([\d.]+) was built with AVX by mistake")


def avx_notes(facts: Facts) -> tuple[tuple[str, str], str]:
    """The specifiers of the releases that need AVX, and where it says so."""
    for row in facts.rows("07_tensorflow_notes"):
        if match := _NOTE.search(row["fact"]):
            return (f">={match[1]}", f"=={match[2]}"), short(row["source"])
    return ("", ""), ""


def needs_avx(facts: Facts, version: str) -> bool:
    """Whether the builds of a release need AVX."""
    (first, mistake), _ = avx_notes(facts)
    return bool(first) and (
        natural(version) >= natural(first.lstrip(">=")) or version == mistake.lstrip("=")
    )
