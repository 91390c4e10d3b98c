"""The conductor: a text, a machine and a catalog to findings, the worst first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module

import msgspec

from provisioner.catalog.load import Catalog
from provisioner.check import kinds
from provisioner.check.flaw import Flaw
from provisioner.check.ground import Ground
from provisioner.check.remedy import Remedy, format_for
from provisioner.check.said import ASIDE, Document, Part
from provisioner.errors import RefusedError
from provisioner.machine import Machine
from provisioner.report import Finding
from provisioner.resolve.search import Routes

_RULES = (
    "unread",
    "builds",
    "image_tags",
    "pairs",
    "time_rot",
    "libraries",
    "driver_packages",
    "toolkits",
    "conda_cuda",
    "solvers",
    "host_compilers",
    "compile_targets",
    "habits",
    "system_python",
)
_WEIGHT = {"error": 0, "warning": 1, "note": 2}


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """One file and what was found in it."""

    name: str
    kind: str | None
    """What kind of file it was taken for, in words; None for nothing that dlsetup knows."""
    statements: int
    """How many statements of it were understood."""
    findings: tuple[Finding, ...] = ()
    followed: tuple[str, ...] = ()
    """The files that it names and that were read with it."""


def check(
    document: Document,
    machine: Machine,
    catalog: Catalog,
    *,
    routes_of: Callable[[str], Routes | None],
    options: Sequence[str] = (),
    python: str | None = None,
) -> Checked:
    """Say what of a file, as it was read, does not fit a machine.

    ``routes_of`` gives the routes that an output format can carry, None for an unknown format;
    ``options`` are the machine options as they were typed. Fixes name both. ``python`` is the
    interpreter where a file names none.
    """
    name = document.name
    if document.kind is None:
        return Checked(name=name, kind=None, statements=0)
    output = format_for(_written_as(document), machine, routes_of)
    remedy = Remedy(catalog, output, options, machine)
    grounds = (
        Ground(part, machine, catalog, remedy, python=python).as_it_is_here()
        for part in document.parts
    )
    flaws = [flaw for ground in grounds for flaw in _flaws(ground)]
    flaws.sort(key=lambda flaw: (_WEIGHT[flaw.severity], flaw.places[0].line if flaw.places else 0))
    told = dict.fromkeys(_finding(name, flaw) for flaw in flaws)
    return Checked(
        name=name,
        kind=kinds.TITLES[document.kind],
        statements=sum(
            not isinstance(one, ASIDE) for part in document.parts for one in part.statements
        ),
        findings=tuple(told),
        followed=tuple(
            dict.fromkeys(
                one.at.file for part in document.parts for one in part.statements if one.at.file
            )
        ),
    )


def _written_as(document: Document) -> str:
    """How a file of that kind writes packages: pixi's tables are others than pyproject's."""
    if document.kind != "tables":
        return document.kind or ""
    is_pixi = any(True for part in document.parts for _ in part.solver_cuda())
    return "pixi" if is_pixi else "pyproject"


def _flaws(ground: Ground) -> Iterator[Flaw]:
    for rule in _RULES:
        module = import_module(f"provisioner.check.rules.{rule}")
        try:
            yield from module.flaws(ground)
        except RefusedError as error:
            yield _unknown(ground.part, error)


def _unknown(part: Part, error: RefusedError) -> Flaw:
    """The machine itself cannot be judged: that is said, and once."""
    return Flaw(
        reference=error.reference,
        severity="warning",
        message=error.message,
        places=tuple(one.at for one in part.statements[:1]),
        evidence=error.context,
        fix=tuple(error.hint.split("; ")) if error.hint else (),
        confidence="unsure",
    )


def _finding(name: str, flaw: Flaw) -> Finding:
    told = (f"{place.file or name}:{place.line}: {place.text}" for place in flaw.places)
    seen = dict.fromkeys(told)
    return Finding(
        reference=flaw.reference,
        severity=flaw.severity,
        message=flaw.message,
        evidence=(*seen, *flaw.evidence),
        fix=flaw.fix,
        confidence=flaw.confidence,
    )
