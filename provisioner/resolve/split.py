"""Frameworks that would do better, or that only can do, in environments of their own."""

from __future__ import annotations

from provisioner.plan import Alternative
from provisioner.request import Wish
from provisioner.resolve.alternatives import gifts
from provisioner.resolve.premises import Question
from provisioner.resolve.search import Solution, is_better


def split(question: Question, together: Solution | None) -> tuple[Alternative, ...]:
    """One environment for each framework, where that gives more than ``together``.

    What extends a framework stays with it, and every environment gets what is no framework.
    """
    groups = _groups(question)
    if len(groups) <= 1:
        return ()
    apart = [question.for_wishes(*group).solve() for group in groups]
    found = [solution for solution in apart if solution is not None]
    if len(found) < len(groups):
        return ()
    if together is not None and not any(
        is_better(group, solution.found, together.found)
        for group, solution in zip(groups, found, strict=True)
    ):
        return ()
    gives = [
        gifts([wish.name for wish in group], solution)
        for group, solution in zip(groups, found, strict=True)
    ]
    *most, last = (group[0].name for group in groups)
    change = f"give {', '.join(most)} and {last} an environment each"
    return (Alternative(change, ", beside ".join(gives)),)


def _groups(question: Question) -> list[tuple[Wish, ...]]:
    """Each framework that stands alone, with what extends it and with what is no framework."""
    facts = question.facts
    frameworks = [wish for wish in question.wishes if wish.name in facts.catalog.frameworks]
    bases = {wish.name: facts.base_of_framework(wish.name) for wish in frameworks}
    names = dict.fromkeys(base or name for name, base in bases.items())
    others = [wish for wish in question.wishes if wish not in frameworks]
    return [
        (*(wish for wish in frameworks if name in {wish.name, bases[wish.name]}), *others)
        for name in names
    ]
