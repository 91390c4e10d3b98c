"""The search: driver scenarios and routes from the best to the least, the solver inside each.

A working driver is kept if anything asked for runs on it: that is the order of scenarios. What is
best under one of them stands in ``best``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from provisioner.request import Wish
from provisioner.resolve.best import best
from provisioner.resolve.candidates import Candidate
from provisioner.resolve.drivers import Scenario, scenarios
from provisioner.resolve.facts import Facts
from provisioner.resolve.provider import StackProvider

_CONDA_LIBRARIES = "conda-libraries"

Routes = tuple[tuple[str, ...], ...]

ANY: Routes = (("pip", "conda-libraries"), ("conda-native",), ("container",))
"""Wheels first; where no wheel will do a channel's own build, if it has machine code for every
GPU (nobody has reported how a channel's PTX fares), or an image."""


class Solution(msgspec.Struct, frozen=True, eq=False):
    """What the solver found, and under which scenario."""

    found: Mapping[str, Candidate]
    scenario: Scenario
    routes: tuple[str, ...]
    provider: StackProvider


def search(facts: Facts, wishes: Sequence[Wish], routes: Routes) -> Solution | None:
    """Return the first solution by scenario, then by routes; None when there is none."""
    for scenario in scenarios(facts):
        for along in _preferred(facts, wishes, routes):
            provider = StackProvider(facts, wishes, along, scenario.choices)
            found = best(provider)
            if found is not None:
                return Solution(found, scenario, along, provider)
    return None


def _preferred(facts: Facts, wishes: Sequence[Wish], routes: Routes) -> Iterator[tuple[str, ...]]:
    """The routes, best first.

    Several frameworks share what conda brings only where wheels that bring their own will not: one
    set of CUDA libraries on the loader's path is seen by all of them.
    """
    several = sum(wish.name in facts.catalog.frameworks for wish in wishes) > 1
    for along in routes:
        if several and {"pip", _CONDA_LIBRARIES} <= set(along):
            yield tuple(route for route in along if route != _CONDA_LIBRARIES)
        yield along
