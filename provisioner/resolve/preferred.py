"""What could be had and is not in the plan: why the plan prefers something else, and the price."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provisioner.catalog.rows import Build
from provisioner.plan import Alternative, Pin, Plan, Refused
from provisioner.request import Wish
from provisioner.resolve.alternatives import gifts
from provisioner.resolve.candidates import Candidate
from provisioner.resolve.explanation import WhyNot, asked_for
from provisioner.resolve.premises import Question
from provisioner.resolve.search import Solution
from provisioner.resolve.wording import Fact, named
from provisioner.version import order, public


def possible(
    text: str, wishes: Sequence[Wish], asked: Question, plan: Plan | None, solution: Solution
) -> WhyNot:
    """It can be had: why the plan prefers something else, and what it would cost."""
    items = [solution.found[wish.name] for wish in wishes if wish.name in solution.found]
    names = [wish.name for wish in asked.wishes]
    rows = [Fact("row", f"{named(item)}{_needs(item)}", _evidence(item)) for item in items]
    return WhyNot(
        requirement=text,
        answer=_preferred(text, wishes, items, plan, solution),
        facts=(asked_for(text), *rows, *_prices(plan, wishes, solution)),
        refused=tuple(_refused_of(plan, wishes)),
        change=Alternative(f"ask for {text}", gifts(names, solution)),
    )


def _preferred(
    text: str,
    wishes: Sequence[Wish],
    items: Sequence[Candidate],
    plan: Plan | None,
    solution: Solution,
) -> str:
    """Why the plan holds something else, though this too would run."""
    if plan is None:
        return f"{text} can be had; what was asked for cannot."
    pins = {pin.name: pin for pin in plan.pins}
    for item in items:
        pin = pins.get(item.row.framework if isinstance(item.row, Build) else item.on)
        if pin is None or (pin.version, pin.variant) == (item.version, item.variant):
            continue
        taken = f"{text} can be had; the plan takes {pin.name} {pin.version}{variant_of(pin)}"
        left, right = order(public(item.version)), order(public(pin.version))
        if left < right:
            return f"{taken}, which is newer."
        if left == right:
            return f"{taken}{_nicer(pin, item)}."
        if _prices(plan, wishes, solution):
            return f"{text} can be had, but the rest would be older with it."
        return f"{taken}, by {plan.via}, which goes first."
    return f"{text} can be had: you did not ask for it."


def _nicer(pin: Pin, item: Candidate) -> str:
    """Why of two builds of one version this one was taken (contract §2)."""
    if pin.evidence == "measured" and item.row.kind == "announced":
        return ", which was measured, not announced"
    if all(serve.kind == "sass" for serve in pin.serves) and any(
        serve.kind == "ptx" for serve in item.serves
    ):
        return ", which has machine code for every GPU"
    return ", the first in the order of preference"


def _needs(item: Candidate) -> str:
    cuda = getattr(item.row, "cuda", None)
    return f": CUDA {cuda}" if isinstance(item.row, Build) and cuda else ""


def _evidence(item: Candidate) -> str:
    return str(getattr(item.row, "evidence", ""))


def _prices(plan: Plan | None, wishes: Sequence[Wish], solution: Solution) -> tuple[Fact, ...]:
    """What else of the plan would be an older version."""
    told = []
    names = {wish.name for wish in wishes}
    for pin in plan.pins if plan else ():
        other = solution.found.get(pin.name) if pin.name not in names else None
        if other is not None and other.on in solution.provider.rank and other.version:
            before, after = order(public(pin.version)), order(public(other.version))
            if after < before:
                text = f"{pin.name} would go from {pin.version} to {other.version} with it"
                told.append(Fact("row", text, ""))
    return tuple(told)


def _refused_of(plan: Plan | None, wishes: Sequence[Wish]) -> Iterator[Refused]:
    """What the plan itself says against the versions that a wish admits."""
    for item in plan.refused if plan else ():
        name, _, version = item.candidate.partition(" ")
        for wish in wishes:
            if name == wish.name and wish.admits(version.partition("+")[0]):
                yield item


def variant_of(pin: Pin) -> str:
    """The variant of a pin as it stands behind its version."""
    return f" ({pin.variant})"
