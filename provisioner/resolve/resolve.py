"""The search: routes and driver scenarios from the best to the least, the solver inside each.

Order (contract §2): a working driver is kept if anything asked for runs on it; then the
packages in the order asked, newest first; then fewer system changes; then measured before
announced; then SASS before PTX. The last four are the order of candidates; the first is the
order of scenarios.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from provisioner.catalog import newer
from provisioner.catalog.load import Catalog
from provisioner.errors import RefusedError
from provisioner.machine import Machine
from provisioner.plan import Plan, Request
from provisioner.request import Wish
from provisioner.resolve import answer, explain
from provisioner.resolve.alternatives import alternatives, dominates
from provisioner.resolve.best import best
from provisioner.resolve.candidates import Candidate, Exclusion
from provisioner.resolve.devices import settled
from provisioner.resolve.drivers import Scenario, branch_of, scenarios
from provisioner.resolve.facts import Facts
from provisioner.resolve.forward_compatibility import forward_compatible
from provisioner.resolve.premises import Question
from provisioner.resolve.provider import StackProvider
from provisioner.resolve.split import split

_CONDA_LIBRARIES = "conda-libraries"

Routes = tuple[tuple[str, ...], ...]

ANY: Routes = (("pip", "conda-libraries"), ("conda-native",), ("container",))
"""Wheels first; where no wheel will do a channel's own build, if it has machine code for every
GPU (nobody has reported how a channel's PTX fares), or an image."""

_VIA: Mapping[str, Routes] = {
    "pip": (("pip",),),
    "conda": (("conda", "conda-libraries"),),
    "container": (("container",),),
}


class Solution(msgspec.Struct, frozen=True, eq=False):
    """What the solver found, and under which scenario."""

    found: Mapping[str, Candidate]
    scenario: Scenario
    routes: tuple[str, ...]
    provider: StackProvider


def resolve(
    machine: Machine,
    request: Request,
    wishes: Sequence[Wish],
    catalog: Catalog,
    *,
    carries: Routes | None = None,
    exclusions: tuple[Exclusion, ...] = (),
) -> Plan:
    """Return the best plan for a machine.

    ``carries`` are the routes that an output format can carry, best first; ``exclusions`` rule
    out builds that something outside the catalog speaks against. Raises RefusedError
    with the machine, what was refused and what would help in its ``data``.
    """
    question = asked(machine, request, wishes, catalog, carries=carries, exclusions=exclusions)
    facts = question.facts
    _something_for_the_gpu(facts, wishes)
    known_machine(facts)
    _known_releases(facts, wishes)
    try:
        solution = search(facts, wishes, question.routes)
    except RefusedError as refused:
        raise explain.with_ways(question, refused) from refused
    if solution is None:
        raise explain.refusal(question, split(question, None))
    plan = answer.plan_of(facts, wishes, solution.found, solution.scenario)
    return msgspec.structs.replace(
        plan,
        refused=explain.passed_over(solution.provider, wishes, solution.found),
        alternatives=(
            *alternatives(question, solution),
            *forward_compatible(question, solution),
            *split(question, solution),
        ),
    )


def asked(
    machine: Machine,
    request: Request,
    wishes: Sequence[Wish],
    catalog: Catalog,
    *,
    carries: Routes | None = None,
    exclusions: tuple[Exclusion, ...] = (),
) -> Question:
    """Return the question itself, for those who ask what would be otherwise."""
    return Question(
        facts=settled(Facts(machine, request, catalog, exclusions), wishes),
        wishes=tuple(wishes),
        routes=_routes(request, carries),
        open_routes=carries or ANY,
        search=search,
    )


def search(facts: Facts, wishes: Sequence[Wish], routes: Routes) -> Solution | None:
    """Return the first solution by scenario, then by routes; None when there is none."""
    for scenario in scenarios(facts):
        for along in routes:
            ways = _ways(facts, wishes, along)
            solved = [_solved(facts, wishes, way, scenario) for way in ways]
            found = [solution for solution in solved if solution is not None]
            if found:
                more = len(found) > 1 and dominates(wishes, found[-1].found, found[0].found)
                return found[-1] if more else found[0]
    return None


def _solved(
    facts: Facts, wishes: Sequence[Wish], along: tuple[str, ...], scenario: Scenario
) -> Solution | None:
    provider = StackProvider(facts, wishes, along, scenario.choices)
    found = best(provider)
    return None if found is None else Solution(found, scenario, along, provider)


def _routes(request: Request, carries: Routes | None) -> Routes:
    wanted = _VIA[request.via] if request.via else (carries or ANY)
    if not (request.via and carries):
        return wanted
    allowed = {route for along in carries for route in along}
    if "conda-native" in allowed:  # asked for by name, a channel's builds may use PTX too
        allowed.add("conda")
    kept = tuple(tuple(route for route in along if route in allowed) for along in wanted)
    return tuple(along for along in kept if along)


def _ways(facts: Facts, wishes: Sequence[Wish], along: tuple[str, ...]) -> Routes:
    """A route, and before it the same without conda's libraries where several share them.

    One set of CUDA libraries on the loader's path is seen by all frameworks, so wheels that bring
    their own go first, unless with conda's nothing is older and something newer.
    """
    several = sum(wish.name in facts.catalog.frameworks for wish in wishes) > 1
    if several and {"pip", _CONDA_LIBRARIES} <= set(along):
        return tuple(route for route in along if route != _CONDA_LIBRARIES), along
    return (along,)


def _something_for_the_gpu(facts: Facts, wishes: Sequence[Wish]) -> None:
    """A plan of companions alone would leave a GPU idle without a word."""
    if facts.computes_on_gpu and not wishes:
        raise RefusedError(
            "no-framework-asked",
            "Nothing that was asked for is known to use the GPU.",
            context=tuple(
                f"{text}: a package that the catalog does not know"
                for text in facts.request.companions
            ),
            hint="Ask for a framework beside it, such as torch, or say --gpu none for the CPU.",
        )


def known_machine(facts: Facts) -> None:
    """A GPU or a driver branch that the catalog has never heard of gets "unknown", not "fine".

    Raises RefusedError ``unknown-gpu``, ``unknown-driver`` or ``gpu-vendor-unsupported``.
    """
    driver = facts.machine.driver
    if not facts.gpus or driver is None or driver.version is None:
        return
    if branch_of(facts, driver.version) is None:
        raise RefusedError(
            "unknown-driver",
            f"The catalog does not know driver branch {driver.version.split('.')[0]}.",
            context=(f"this machine has driver {driver.version}",),
            hint=newer.DRIVER_BRANCHES,
        )


def _known_releases(facts: Facts, wishes: Sequence[Wish]) -> None:
    """A release newer than the catalog gets "unknown" and how to refresh."""
    for wish in wishes:
        if (unknown := explain.unknown_release(facts, wish)) is not None:
            raise unknown
