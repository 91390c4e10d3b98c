"""The newest build of each framework that runs on a GPU: by the rules that the resolver uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import NamedTuple

from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Build
from provisioner.lookup.names import extends, names
from provisioner.lookup.platforms import facts_on, platform_order
from provisioner.lookup.values import Run
from provisioner.machine import Gpu
from provisioner.plan import Serve
from provisioner.request import parse_wish
from provisioner.resolve.builds import Builds, has_unread_code
from provisioner.resolve.candidates import Need
from provisioner.resolve.drivers import drives
from provisioner.resolve.facts import highest
from provisioner.resolve.gpu_needs import (
    known_failures,
    needs_of_driver,
    needs_of_gpus,
    needs_of_tegra,
)
from provisioner.resolve.serving import serve
from provisioner.version import numbers, order

_WAYS = ("pip", "conda", "container")


class Served(NamedTuple):
    """What runs on a GPU, and the frameworks of which nothing does."""

    runs: tuple[Run, ...]
    without: tuple[str, ...]
    unknown: tuple[str, ...]
    """Of which nothing is known to run, because nobody read the code of some builds."""


def served(catalog: Catalog, gpu: Gpu) -> Served:
    """The newest build of each framework that runs on a GPU, by platform.

    A channel or an image is named only where it has a newer release than what comes before it.
    """
    found: list[Run] = []
    without: list[str] = []
    unknown: list[str] = []
    judges: dict[str, _Judge] = {}
    for name in names(catalog):
        rows = catalog.builds(name)
        if not any(row.cuda or has_unread_code(row) for row in rows):
            continue
        before = len(found)
        for platform in sorted({row.platform for row in rows}, key=platform_order):
            judge = judges.setdefault(platform, _Judge(catalog, platform, gpu))
            found += judge.newest(name, [row for row in rows if row.platform == platform])
        if len(found) == before:
            unread = any(judges[row.platform].may_run(row) for row in rows)
            (unknown if unread else without).append(name)
    return Served(tuple(found), tuple(without), tuple(unknown))


class _Judge:
    """Says of builds of one platform whether they run on one GPU."""

    def __init__(self, catalog: Catalog, platform: str, gpu: Gpu) -> None:
        self.catalog = catalog
        self.platform = platform
        self.gpu = gpu
        self.facts = facts_on(catalog, platform, gpu)
        self.builds = Builds(self.facts, {})
        self._known: dict[int, bool] = {}

    @cached_property
    def first_driver(self) -> str | None:
        """The first release of the first branch that drives the GPU, where that is known."""
        row = self.facts.architectures.get(self.gpu.compute_capability or "")
        branches = (item for item in self.catalog.drivers if row and drives(item.branch, row))
        first = next(branches, None)
        known = row and first and row.first_driver_branch == first.branch
        return first.first_version if known and first else None

    def newest(self, name: str, rows: list[Build]) -> Iterator[Run]:
        """The newest build that runs, by each way that has a newer one than those before."""
        best: Build | None = None
        for way in _WAYS:
            listed = sorted(
                (row for row in rows if row.via == way and not row.yanked),
                key=self._rank,
                reverse=True,
            )
            row = next((row for row in listed if self.runs(row)), None)
            if row and (best is None or order(row.version)[:2] > order(best.version)[:2]):
                best = row
                yield self._run(name, row)

    def runs(self, row: Build) -> bool:
        """Whether a build runs, and with it the frameworks that it is bound to."""
        if id(row) not in self._known:
            self._known[id(row)] = self._fits(row) and all(
                self._has_partner(row, text, self.runs) for text in row.requires
            )
        return self._known[id(row)]

    def may_run(self, row: Build) -> bool:
        """Whether a build runs as far as its code, and that of its partners, was read."""
        if row.cuda is None and not (extends(self.builds, row) or has_unread_code(row)):
            return False
        return (self._fits(row) or self._is_unread(row)) and all(
            self._has_partner(row, text, self.may_run) for text in row.requires
        )

    def _is_unread(self, row: Build) -> bool:
        """Whether nobody knows the code of a build, and nothing else speaks against it."""
        if row.sass or row.ptx or not (row.cuda or has_unread_code(row)):
            return False
        if row.cuda is None:
            return True
        known = self.facts.architectures.get(self.gpu.compute_capability or "")
        last = known.last_cuda if known else None
        if last and numbers(row.cuda) > numbers(last):
            return False
        return not any((*known_failures(self.facts, row), *needs_of_tegra(self.facts)))

    def _fits(self, row: Build) -> bool:
        if any(known_failures(self.facts, row)):
            return False
        if extends(self.builds, row):
            return self.builds.cuda_of(row) is not None
        return not any(need.failed for need in self._needs(row))

    def _needs(self, row: Build) -> Iterator[Need]:
        yield from needs_of_gpus(self.facts, row, self._serves(row))
        yield from needs_of_driver(self.facts, row, self._serves(row))

    def _has_partner(self, row: Build, text: str, fits: Callable[[Build], bool]) -> bool:
        """Whether a framework that a build needs has a build, of the same variant, that fits."""
        wish = parse_wish(text)
        known = self.catalog.builds(wish.name)
        # One that is never built for a GPU does not decide on GPUs.
        if wish.name == row.framework or not any(other.cuda for other in known):
            return True
        partners = [other for other in known if other.platform == row.platform]
        same = [other for other in partners if other.variant == row.variant]
        return any(wish.admits(other.version) and fits(other) for other in same or partners)

    def _serves(self, row: Build) -> tuple[Serve, ...]:
        capability = self.gpu.compute_capability or ""
        found = serve(self.gpu.name, capability, row.sass, row.ptx, self.facts.tegra)
        return (found,) if found else ()

    def _rank(self, row: Build) -> tuple[object, ...]:
        """As the resolver ranks the builds of one release."""
        native = all(served.kind == "sass" for served in self._serves(row))
        released, post, local = order(row.version)
        cuda = numbers(row.cuda or "0")
        return released, post, row.kind == "measured", native, not row.driver_floor, cuda, local

    def _run(self, name: str, row: Build) -> Run:
        served = next(iter(self._serves(row)), None)
        floors = [need.floor for need in needs_of_driver(self.facts, row, self._serves(row))]
        cuda = self.builds.cuda_of(row)
        if not row.cuda and cuda:
            floors.append(self.facts.floor_of(cuda))
        floors.append(self.first_driver)
        return Run(
            framework=name,
            build=row,
            extends=extends(self.builds, row),
            by=served.by if served else "",
            kind=served.kind if served else "",
            driver_minimum=highest([floor for floor in floors if floor]),
        )
