"""Machine, request and catalog to a plan, or to a refusal that says what would help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from provisioner.catalog import newer
from provisioner.catalog.load import Catalog
from provisioner.errors import RefusedError
from provisioner.machine import Machine
from provisioner.plan import Plan, Request
from provisioner.request import Wish, parse_wish
from provisioner.resolve import answer, host_parts, refusals
from provisioner.resolve.alternatives import alternatives
from provisioner.resolve.candidates import Exclusion
from provisioner.resolve.devices import settled
from provisioner.resolve.drivers import branch_of
from provisioner.resolve.facts import Facts
from provisioner.resolve.forward_compatibility import forward_compatible
from provisioner.resolve.premises import Question
from provisioner.resolve.search import ANY, Routes, search
from provisioner.resolve.split import split

_VIA: Mapping[str, Routes] = {
    "pip": (("pip",),),
    "conda": (("conda", "conda-libraries"),),
    "container": (("container",),),
}


def resolve(question: Question) -> Plan:
    """Return the best plan.

    Raises RefusedError with what was refused and what would help in its ``data``.
    """
    facts, wishes = question.facts, question.wishes
    _something_for_the_gpu(facts, wishes)
    known_machine(facts)
    host_parts.possible(facts)
    _known_releases(facts, wishes)
    try:
        solution = search(facts, wishes, question.routes)
    except RefusedError as refused:
        raise refusals.with_ways(question, refused) from refused
    if solution is None:
        raise refusals.refusal(question, split(question, None))
    plan = answer.plan_of(facts, wishes, solution.found, solution.scenario)
    return msgspec.structs.replace(
        plan,
        refused=refusals.passed_over(solution.provider, wishes, solution.found),
        alternatives=(
            *alternatives(question, solution),
            *forward_compatible(question, solution),
            *split(question, solution),
        ),
    )


def question_of(
    machine: Machine,
    request: Request,
    wishes: Sequence[Wish],
    catalog: Catalog,
    *,
    carries: Routes | None = None,
    exclusions: tuple[Exclusion, ...] = (),
) -> Question:
    """Return what is asked of a machine, for ``resolve`` and for what would be otherwise.

    ``carries`` are the routes that an output format can carry, best first; ``exclusions`` rule
    out builds that something outside the catalog speaks against. Raises RefusedError for GPUs
    that no plan may leave idle.
    """
    return Question(
        facts=settled(Facts(machine, request, catalog, exclusions), wishes),
        wishes=tuple(wishes),
        routes=_routes(request, carries),
        open_routes=carries or ANY,
    )


def _routes(request: Request, carries: Routes | None) -> Routes:
    wanted = _VIA[request.via] if request.via else (carries or ANY)
    if not (request.via and carries):
        return wanted
    allowed = {route for along in carries for route in along}
    if "conda-native" in allowed:  # asked for by name, a channel's builds may use PTX too
        allowed.add("conda")
    kept = tuple(tuple(route for route in along if route in allowed) for along in wanted)
    return tuple(along for along in kept if along)


def _something_for_the_gpu(facts: Facts, wishes: Sequence[Wish]) -> None:
    """A plan of companions alone would leave a GPU idle without a word."""
    for_host = facts.request.host and not facts.request.companions
    if facts.computes_on_gpu and not wishes and not for_host:
        raise RefusedError(
            "no-framework-asked",
            "Nothing that was asked for is known to use the GPU.",
            context=tuple(
                f"{text}: a package that {_unchosen(facts, text)}"
                for text in facts.request.companions
            ),
            hint="Ask for a framework beside it, such as torch, or say --gpu none for the CPU.",
        )


def _unchosen(facts: Facts, text: str) -> str:
    known = parse_wish(text).name in facts.catalog.contents.companions
    return "works beside a framework only" if known else "the catalog does not know"


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
        if (unknown := refusals.unknown_release(facts, wish)) is not None:
            raise unknown
