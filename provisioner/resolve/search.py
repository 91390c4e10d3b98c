"""The search: driver scenarios and routes from the best to the least, the solver inside each.

A working driver is kept if anything asked for runs on it: that is the order of scenarios. What is
best under one of them stands in ``best``.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence

import msgspec

from provisioner.request import Wish
from provisioner.resolve.best import best
from provisioner.resolve.drivers import Scenario, scenarios
from provisioner.resolve.facts import Facts
from provisioner.resolve.provider import StackProvider
from provisioner.resolve.solver import Found
from provisioner.version import order, public

_CONDA_LIBRARIES = "conda-libraries"

Routes = tuple[tuple[str, ...], ...]

ANY: Routes = (("pip", "conda-libraries"), ("conda-native",), ("container",))
"""Wheels first; where no wheel will do a channel's own build, if it has machine code for every
GPU (nobody has reported how a channel's PTX fares), or an image."""


class Solution(msgspec.Struct, frozen=True, eq=False):
    """What the solver found, and under which scenario."""

    found: Found
    scenario: Scenario
    routes: tuple[str, ...]
    provider: StackProvider


def search(facts: Facts, wishes: Sequence[Wish], routes: Routes) -> Solution | None:
    """Return the first solution by scenario, then by routes; None when there is none."""
    for scenario in scenarios(facts):
        for along in routes:
            ways = _ways(facts, wishes, along)
            solved = [_solved(facts, wishes, way, scenario) for way in ways]
            found = [solution for solution in solved if solution is not None]
            if found:
                more = len(found) > 1 and _dominates(wishes, found[-1].found, found[0].found)
                return found[-1] if more else found[0]
    return None


def _solved(
    facts: Facts, wishes: Sequence[Wish], along: tuple[str, ...], scenario: Scenario
) -> Solution | None:
    provider = StackProvider(facts, wishes, along, scenario.choices)
    found = best(provider)
    return None if found is None else Solution(found, scenario, along, provider)


def _ways(facts: Facts, wishes: Sequence[Wish], along: tuple[str, ...]) -> Routes:
    """A route, and before it the same without conda's libraries where several share them.

    One set of CUDA libraries on the loader's path is seen by all frameworks, so wheels that bring
    their own go first, unless with conda's nothing is older and something newer.
    """
    several = sum(wish.name in facts.catalog.frameworks for wish in wishes) > 1
    if several and {"pip", _CONDA_LIBRARIES} <= set(along):
        return tuple(route for route in along if route != _CONDA_LIBRARIES), along
    return (along,)


def is_better(wishes: Sequence[Wish], new: Found, old: Found) -> bool:
    """Whether the first of some wishes that comes in another version comes in a newer one."""
    after, before = _versions(wishes, new, old)
    return after > before


def _dominates(wishes: Sequence[Wish], new: Found, old: Found) -> bool:
    """Whether nothing that was wished for comes in an older version, and something in a newer."""
    after, before = _versions(wishes, new, old)
    return after != before and all(map(operator.ge, after, before))


def _versions(wishes: Sequence[Wish], *answers: Found) -> list[list[tuple[object, ...]]]:
    """For each answer the versions of the wishes that all answers hold, in the order asked."""
    names = [wish.name for wish in wishes if all(wish.name in found for found in answers)]
    return [[order(public(found[name].version)) for name in names] for found in answers]
