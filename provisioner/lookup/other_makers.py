"""What runs on the GPUs of other makers than NVIDIA: by the rules that the resolver uses."""

from __future__ import annotations

from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Build
from provisioner.lookup.platforms import facts_on
from provisioner.lookup.runs import Served
from provisioner.lookup.values import Run
from provisioner.machine import Gpu
from provisioner.request import parse_wish
from provisioner.resolve import devices
from provisioner.resolve.facts import Facts
from provisioner.version import order

_PLATFORM = "linux-x86_64"
"""The only one that such builds are known for."""


def served_elsewhere(catalog: Catalog, gpu: Gpu) -> Served:
    """The newest build of each framework that is known to run on a GPU of AMD or Intel.

    Raises RefusedError for a GPU whose target is not known, or of another maker.
    """
    facts = facts_on(catalog, _PLATFORM, gpu)
    runs: list[Run] = []
    without: list[str] = []
    unknown: list[str] = []
    for name in catalog.frameworks:
        rows = [row for row in facts.builds(name) if _is_meant(facts, row)]
        found = next((row for row in reversed(_by_age(rows)) if _runs(facts, row)), None)
        if found is not None:
            runs.append(_run(facts, name, found))
        elif rows:
            (unknown if facts.accelerator == "rocm" and _unread(rows) else without).append(name)
        elif any(row.cuda for row in catalog.builds(name)):
            without.append(name)
    return Served(tuple(runs), tuple(without), tuple(unknown))


def _is_meant(facts: Facts, row: Build) -> bool:
    mine = row.accelerator == facts.accelerator and row.platform == _PLATFORM
    return mine and not row.yanked


def _by_age(rows: list[Build]) -> list[Build]:
    return sorted(rows, key=lambda row: (order(row.version), order(row.rocm or "0")))


def _runs(facts: Facts, row: Build) -> bool:
    if (decides := _decides(facts, row)) is not None:
        return any(_runs(facts, other) for other in decides)
    return not any(need.failed for need in devices.needs(facts, row))


def _decides(facts: Facts, row: Build) -> list[Build] | None:
    """The builds of the framework that a build extends, any of which may serve for it."""
    name = next(devices.extended(facts.catalog, row), None)
    if name is None:
        return None
    bounds = [wish for text in row.requires if (wish := parse_wish(text)).name == name]
    return [
        other
        for other in facts.builds(name)
        if _is_meant(facts, other)
        and other.variant == row.variant
        and all(wish.admits(other.version) for wish in bounds)
    ]


def _unread(rows: list[Build]) -> bool:
    return any(not row.gfx for row in rows)


def _run(facts: Facts, name: str, row: Build) -> Run:
    served = (devices.serves(facts, row) or (None,))[0]
    extends = next(devices.extended(facts.catalog, row), None)
    return Run(
        framework=name,
        build=row,
        extends=extends,
        by=served.by if served else "",
        kind=served.kind if served else "",
        driver_minimum=None,
    )
