"""The smallest set of premises under which something cannot be had, and what stands against it.

Found by trying: a premise stays in the set only if there is an answer once it alone is let go.
That answer names the build that comes nearest, and its needs say what the premise lacks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from provisioner.catalog.rows import Build, Library
from provisioner.request import Wish
from provisioner.resolve.candidates import CPU, DRIVER, GLIBC, GPU, PYTHON, Candidate, Need
from provisioner.resolve.premises import Premise, Question, premises
from provisioner.resolve.provider import StackProvider
from provisioner.version import is_dotted

if TYPE_CHECKING:
    from provisioner.resolve.resolve import Solution

_BY_WISHES = frozenset({"not-what-was-asked", "cuda-mismatch-ext-build"})
_ABOUT = {
    "driver": (DRIVER,),
    "gpu": (GPU, DRIVER),
    "libc": (GLIBC,),
    "cpu": (CPU,),
    "platform": (GPU,),
}


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


def blocked(question: Question, obstacle: Obstacle) -> tuple[Candidate, Need | None] | None:
    """The candidate that the obstacle stands against, and which need of it is not met.

    None where nothing that was chosen without it is refused with it; the need is None where the
    candidate is not even there, because it is for another platform.
    """
    gpu = obstacle.premise.gpu
    facts = question.facts
    providers = _providers(question.of_machine(gpus=(gpu,)) if gpu else question)
    told = [
        item
        for item in obstacle.without.found.values()
        if item.row is not None and not item.on.startswith("__")
    ]
    about = _ABOUT.get(obstacle.premise.name, (PYTHON,))
    for item in told:
        for provider in providers:
            pool = provider.candidates(item.on)
            # Builds for the GPUs of another maker stand first, where there are any.
            same = next((one for one in pool if facts.devices or one.row is item.row), None)
            if same is None:
                continue
            unmet = [need for need in provider.needs(same) if is_unmet(provider, need)]
            for name in about:
                for need in unmet:
                    if need.on == name:
                        return same, need
    elsewhere = next((item for item in told if isinstance(item.row, Build | Library)), None)
    if elsewhere is not None and obstacle.premise.name in {"platform", "via"}:
        return elsewhere, None
    return None


def refused_beside(question: Question, solution: Solution) -> tuple[Candidate, Need] | None:
    """What an answer holds that the wishes of a question alone rule out, and by which need."""
    for provider in _providers(question):
        for item in _told(solution):
            same = next((one for one in provider.candidates(item.on) if one.row is item.row), None)
            bound = {bound.on for bound in provider.bounds}
            for need in provider.needs(same) if same else ():
                asked = need.reference in _BY_WISHES or need.on in bound
                if asked and is_unmet(provider, need):
                    return item, need
    return None


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


def _providers(question: Question) -> list[StackProvider]:
    return [
        StackProvider(question.facts, question.wishes, along, scenario.choices)
        for scenario in question.scenarios()
        for along in question.routes
    ]


def is_unmet(provider: StackProvider, need: Need) -> bool:
    """Whether no candidate for its name can meet a need, whatever else is chosen."""
    pool = provider.candidates(need.on)
    known = pool or need.on == DRIVER
    bounds = [bound for bound in provider.bounds if bound.on == need.on]
    left = [item for item in pool if all(bound.met_by(item) for bound in bounds)]
    return need.failed or (bool(known) and not any(need.met_by(item) for item in left))


def clash(question: Question, one: Solution, other: Solution) -> tuple[tuple[Candidate, Need], ...]:
    """Needs of what two answers hold that cannot all be met together.

    The first one or two of them; none where it takes more than two to fight.
    """
    left, right = (tuple(_needs(question, solution)) for solution in (one, other))
    for needs, solution in ((left, other), (right, one)):
        held = tuple(_told(solution))
        for item, need in needs:
            if any(need.on == beside.on and not need.met_by(beside) for beside in held):
                return ((item, need),)
    for item, need in left:
        for beside, against in right:
            if need.on == against.on and _exclude(need, against):
                return (item, need), (beside, against)
    return ()


def _needs(question: Question, solution: Solution) -> Iterator[tuple[Candidate, Need]]:
    """What was chosen for one wish needs, when the others are asked for too."""
    for item in _told(solution):
        for provider in (*_providers(question), solution.provider):
            same = next((one for one in provider.candidates(item.on) if one.row is item.row), None)
            if same is not None:
                yield from ((item, need) for need in provider.needs(same))
                break


def _told(solution: Solution) -> Iterator[Candidate]:
    for item in solution.found.values():
        if item.on in solution.provider.rank and item.row is not None:
            yield item


def _exclude(one: Need, other: Need) -> bool:
    """Whether two needs on one name leave nothing over, as far as one of them names versions."""
    for left, right in ((one, other), (other, one)):
        pinned = left.specifier.removeprefix("==")
        named = left.among or ((pinned,) if is_dotted(pinned) else ())
        if named and not any(right.met_by(Candidate(on=one.on, version=text)) for text in named):
            return True
    return False
