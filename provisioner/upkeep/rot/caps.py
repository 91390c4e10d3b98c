"""From the record of what was tried to the rows that plans are capped by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from provisioner.catalog.rows import Cap
from provisioner.catalog.upkeep_rows import CapFound, Rot
from provisioner.upkeep.rot.listing import BESIDE
from provisioner.version import minor, order

MARK = "installed: "
"""What the evidence of a row that was made here begins with; others are people's."""
_SAME_CODE = {"tensorflow": ("tensorflow-cpu", "tensorflow-gpu")}
"""Projects whose releases are of one source, and ask for the same dependencies in METADATA."""


def recorded(known: Iterable[Rot], fresh: Iterable[Rot]) -> tuple[Rot, ...]:
    """The record with what was tried now."""
    return tuple({(row.framework, row.version): row for row in (*known, *fresh)}.values())


def with_measured(known: Iterable[Cap], record: Iterable[Rot]) -> tuple[Cap, ...]:
    """The caps: people's rows as they stand, then those that the record proves."""
    kept = [cap for cap in known if not cap.evidence.startswith(MARK)]
    return (*kept, *caps_of(record))


def caps_of(record: Iterable[Rot]) -> Iterator[Cap]:
    """A row for each requirement and run of releases that need it, one after the other.

    Neighbours are those that were tried one after the other. A range is of whole minor releases,
    but where another patch of the first or the last one was tried and does not need the cap.
    """
    by_framework: dict[str, list[Rot]] = {}
    for row in record:
        by_framework.setdefault(row.framework, []).append(row)
    for framework in sorted(by_framework):
        rows = sorted(by_framework[framework], key=lambda row: order(row.version))
        others = [name for name in _SAME_CODE.get(framework, ()) if name not in by_framework]
        for requirement in sorted({cap.requirement for row in rows for cap in row.caps}):
            for run in _runs(rows, requirement):
                own = _cap(framework, requirement, run, [row.version for row in rows])
                yield own
                yield from (_as_sibling(own, name) for name in others)


def _runs(rows: Sequence[Rot], requirement: str) -> Iterator[list[tuple[Rot, CapFound]]]:
    run: list[tuple[Rot, CapFound]] = []
    for row in rows:
        found = [cap for cap in row.caps if cap.requirement == requirement]
        if found:
            run.append((row, found[0]))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _cap(
    framework: str, requirement: str, run: Sequence[tuple[Rot, CapFound]], tried: Sequence[str]
) -> Cap:
    return Cap(
        framework=framework,
        version=_range(run[0][0].version, run[-1][0].version, tried),
        requirement=requirement,
        beside=not any(_is_brought(row, requirement) for row, _ in run),
        reason=_reason(requirement, run),
        evidence=MARK + "; ".join(_proof(row, cap) for row, cap in run),
        checked=min(row.checked for row, _ in run),
    )


def _is_brought(row: Rot, requirement: str) -> bool:
    """Whether a plain install brought the capped package, and not because it was asked for too."""
    name = requirement.partition("<")[0]
    asked = name in BESIDE.get(row.framework, ())
    return not asked and f" {name} " in row.evidence.replace(",", " ")


def _range(first: str, last: str, tried: Sequence[str]) -> str:
    """From one release that was tried to another, up to the ones tried beside them."""
    before = [v for v in tried if order(v) < order(first) and minor(v) == minor(first)]
    behind = [v for v in tried if order(v) > order(last) and minor(v) == minor(last)]
    start = first if before else minor(first)
    return f">={start},<{behind[0] if behind else _after(last)}"


def _as_sibling(cap: Cap, name: str) -> Cap:
    """The same cap for a project of the same code that was not installed itself."""
    proof = f"{MARK}{cap.framework}, whose METADATA asks for the same: "
    evidence = proof + cap.evidence.removeprefix(MARK)
    return msgspec.structs.replace(cap, framework=name, evidence=evidence)


def _after(version: str) -> str:
    """The minor release after that of a version: ``2.6.5`` → ``2.7``."""
    major, number = minor(version).split(".")
    return f"{major}.{int(number) + 1}"


def _reason(requirement: str, run: Sequence[tuple[Rot, CapFound]]) -> str:
    """The newest release's error: most people meet that one."""
    error = run[-1][1].error
    return f"without {requirement}: {error}" if error else requirement


def _proof(row: Rot, cap: CapFound) -> str:
    """``2.4.4 on Python 3.8.18 works with protobuf 3.20.3, not with 4.21.0``."""
    name = cap.requirement.partition("<")[0]
    against = f"not with {cap.bad}" if cap.bad else "not without"
    return f"{row.version} on Python {row.python} works with {name} {cap.good}, {against}"
