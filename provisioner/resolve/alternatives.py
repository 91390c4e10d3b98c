"""The one change that would give a plan, or one with newer versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from provisioner.catalog.rows import Build
from provisioner.errors import RefusedError
from provisioner.plan import Alternative
from provisioner.request import Wish
from provisioner.resolve.candidates import DRIVER, Candidate
from provisioner.resolve.facts import Facts
from provisioner.version import order, public

if TYPE_CHECKING:
    from provisioner.resolve.resolve import Routes, Solution

    Search = Callable[[Facts, Sequence[Wish], Routes], Solution | None]


def alternatives(
    facts: Facts, wishes: Sequence[Wish], routes: Routes, search: Search, solution: Solution
) -> tuple[Alternative, ...]:
    """Single changes that would give more than the plan does."""
    if solution.scenario.action != "keep" or not wishes:
        return ()
    found = (
        _newer_driver(facts, wishes, routes, search, solution),
        _by_channel(facts, wishes, routes, search, solution),
    )
    return tuple(way for way in found if way is not None)


def ways_out(
    facts: Facts, wishes: Sequence[Wish], routes: Routes, search: Search
) -> Iterator[Alternative]:
    """Single changes after which there is a plan."""
    if facts.gpus and facts.machine.driver is not None and not facts.has_windows_driver:
        yield from _way(
            _without_driver(facts), wishes, routes, search=search, change="change the driver"
        )
    if facts.request.python:
        request = msgspec.structs.replace(facts.request, python=None)
        freed = facts.changed(request=request)
        yield from _way(freed, wishes, routes, search=search, change="leave the Python open")
    if facts.computes_on_gpu:
        machine = msgspec.structs.replace(facts.machine, gpus=())
        freed = facts.changed(machine=machine)
        yield from _way(
            freed, wishes, routes, search=search, change="compute on the CPU (--gpu none)"
        )


def _way(
    changed: Facts,
    wishes: Sequence[Wish],
    routes: Routes,
    *,
    search: Search,
    change: str,
) -> Iterator[Alternative]:
    try:
        solution = search(changed, wishes, routes)
    except RefusedError:
        return
    if solution is None or wishes[0].name not in solution.found:
        return
    needed = _driver_needed(solution)
    if change == "change the driver":
        change = f"change the driver to {needed} or later" if needed else change
    yield Alternative(change, _gift(solution.found[wishes[0].name], changed))


def _newer_driver(
    facts: Facts, wishes: Sequence[Wish], routes: Routes, search: Search, solution: Solution
) -> Alternative | None:
    """What runs on a newer driver."""
    freed = _without_driver(facts)
    better = search(freed, wishes, routes)
    if better is None or not _is_better(wishes, better.found, solution.found):
        return None
    needed = _driver_needed(better)
    if needed is None:
        return None
    gifts = [_gift(better.found[name], freed) for name in _improved(wishes, better, solution)]
    where = " in Windows" if facts.has_windows_driver else ""
    return Alternative(f"upgrade the driver{where} to {needed} or later", ", ".join(gifts))


def _by_channel(
    facts: Facts, wishes: Sequence[Wish], routes: Routes, search: Search, solution: Solution
) -> Alternative | None:
    """What a channel's own builds give on the driver there is, where wheels went first."""
    offered = any("conda-native" in along for along in routes)
    if facts.request.via or not offered or "conda-native" in solution.routes:
        return None
    better = search(facts, wishes, (("conda-native",),))
    if better is None or better.scenario.action != "keep":
        return None
    if not _is_better(wishes, better.found, solution.found):
        return None
    gifts = [_gift(better.found[name], facts) for name in _improved(wishes, better, solution)]
    return Alternative("take the channel's own builds (--via conda)", ", ".join(gifts))


def _improved(wishes: Sequence[Wish], new: Solution, old: Solution) -> Iterator[str]:
    """Names of what was asked for that comes in another version."""
    for wish in wishes:
        better, now = new.found.get(wish.name), old.found.get(wish.name)
        if better and now and (better.version, better.variant) != (now.version, now.variant):
            yield wish.name


def _is_better(
    wishes: Sequence[Wish], new: Mapping[str, Candidate], old: Mapping[str, Candidate]
) -> bool:
    for wish in wishes:
        if wish.name in new and wish.name in old:
            left, right = (
                order(public(new[wish.name].version)),
                order(public(old[wish.name].version)),
            )
            if left != right:
                return left > right
    return False


def _without_driver(facts: Facts) -> Facts:
    """The same machine before anybody chose its driver."""
    sources = {key: value for key, value in facts.machine.sources.items() if key != "driver"}
    machine = msgspec.structs.replace(facts.machine, driver=None, sources=sources)
    request = msgspec.structs.replace(facts.request, keep_driver=False)
    return facts.changed(machine=machine, request=request)


def _driver_needed(solution: Solution) -> str | None:
    floors = [
        need.floor
        for candidate in solution.found.values()
        for need in solution.provider.needs(candidate)
        if need.on == DRIVER and need.floor
    ]
    return max(floors, key=order, default=None)


def _gift(candidate: Candidate, facts: Facts) -> str:
    row = candidate.row
    cuda = f", CUDA {row.cuda}" if facts.gpus and isinstance(row, Build) and row.cuda else ""
    return f"{candidate.on} {candidate.version}{cuda}"
