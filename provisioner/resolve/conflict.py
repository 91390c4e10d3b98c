"""The smallest set of premises under which something cannot be had, and what stands against it.

Found by trying: a premise stays in the set only if there is an answer once it alone is let go.
That answer names the build that comes nearest, and its needs say what the premise lacks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import chain

import msgspec

from provisioner.request import Wish
from provisioner.resolve.premises import Premise, Question, premises
from provisioner.resolve.search import Solution


class Obstacle(msgspec.Struct, frozen=True, eq=False):
    """One premise of a conflict, and what would be the answer without it."""

    premise: Premise
    without: Solution
    alone: bool
    """Whether letting go of this premise is enough."""


class Conflict(msgspec.Struct, frozen=True, eq=False):
    """What stands against a question: without any one of the obstacles, nothing would.

    No obstacle at all: what was asked for exists on no machine.
    """

    question: Question
    about: Wish | None
    everything: tuple[Premise, ...]
    obstacles: tuple[Obstacle, ...]

    @property
    def names(self) -> frozenset[str]:
        """What the obstacles are about."""
        return frozenset(item.premise.name for item in self.obstacles)


def conflict(question: Question, about: Wish | None = None) -> Conflict:
    """Why a question has no answer; ``about`` is the wish that stays, others are premises too."""
    everything = premises(question, about)
    smallest = _smallest(question, everything)
    return Conflict(
        question,
        about,
        everything,
        tuple(_obstacle(question, everything, smallest, premise) for premise in smallest),
    )


def let_go(
    question: Question, everything: Sequence[Premise], given: Collection[Premise]
) -> Solution | None:
    """The first answer when only some premises are given; None where even then there is none."""
    asked: Iterable[Question] = (question,)
    for premise in reversed(everything):  # fewer wishes first: what is left is looked for sooner
        if premise not in given:
            asked = chain.from_iterable(map(premise.otherwise, asked))
    return next((found for one in asked if (found := one.solve()) is not None), None)


def _smallest(question: Question, everything: tuple[Premise, ...]) -> tuple[Premise, ...]:
    """One fact alone, the hardest to change first; else what is left after dropping each."""
    if let_go(question, everything, ()) is None:
        return ()
    for premise in everything:
        if premise.name != "wish" and let_go(question, everything, (premise,)) is None:
            return (premise,)
    kept = list(everything)
    wishes = [premise for premise in everything if premise.name == "wish"]
    for dropped in (*([premise] for premise in reversed(wishes)), _machine(everything)):
        fewer = [other for other in kept if other not in dropped]
        if let_go(question, everything, fewer) is None:
            kept = fewer
    for premise in reversed(_machine(kept)):
        fewer = [other for other in kept if other is not premise]
        if let_go(question, everything, fewer) is None:
            kept = fewer
    return tuple(kept)


def _machine(some: Iterable[Premise]) -> list[Premise]:
    """All but the wishes for packages."""
    return [premise for premise in some if premise.name != "wish"]


def _obstacle(
    question: Question,
    everything: tuple[Premise, ...],
    smallest: tuple[Premise, ...],
    premise: Premise,
) -> Obstacle:
    """With as little else let go as there is an answer for: the build that comes nearest."""
    alone = let_go(question, everything, [other for other in everything if other is not premise])
    if alone is not None:
        return Obstacle(premise, alone, alone=True)
    given = [other for other in smallest if other is not premise]
    without = let_go(question, everything, given)
    for other in everything:
        if other is not premise and other not in given:
            nearer = let_go(question, everything, [*given, other])
            if nearer is not None:
                without, given = nearer, [*given, other]
    if without is None:
        msg = "a premise of the smallest conflict that is not needed for it"
        raise AssertionError(msg)
    return Obstacle(premise, without, alone=False)


def culprit(question: Question) -> Wish:
    """The wish that cannot be had by itself; else the first of the fewest that fight."""
    for wish in question.wishes:
        if question.for_wishes(wish).solve() is None:
            return wish
    kept = question.wishes
    for wish in reversed(question.wishes):
        fewer = tuple(other for other in kept if other is not wish)
        if len(fewer) > 1 and question.for_wishes(*fewer).solve() is None:
            kept = fewer
    return kept[0]
