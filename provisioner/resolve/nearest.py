"""What stands against the build that comes nearest: which of its needs a question does not meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from provisioner.catalog.rows import Build, Library
from provisioner.request import Wish
from provisioner.resolve.candidates import CPU, DRIVER, GLIBC, GPU, PYTHON, Candidate, Need
from provisioner.resolve.conflict import Obstacle
from provisioner.resolve.premises import Premise, Question
from provisioner.resolve.provider import StackProvider
from provisioner.resolve.search import Solution
from provisioner.resolve.serving import serve
from provisioner.version import is_dotted

_BY_WISHES = frozenset({"not-what-was-asked", "cuda-mismatch-ext-build", "companions-refused"})
_ABOUT = {
    "driver": (DRIVER,),
    "gpu": (GPU, DRIVER),
    "libc": (GLIBC,),
    "cpu": (CPU,),
    "platform": (GPU,),
}
"""For what a premise is about: the needs that it can leave unmet; else the Python."""


def blocked(
    question: Question, obstacle: Obstacle, about: Wish | None = None
) -> tuple[Candidate, Need | None] | None:
    """The candidate that the obstacle stands against, and which need of it is not met.

    What the conflict is about goes first, then what that brings along, then the other wishes.
    None where nothing that was chosen without it is refused with it; the need is None where the
    candidate is not even there, because it is for another platform.
    """
    others = {wish.name for wish in question.wishes}
    if about is not None and about.is_component:  # what is asked for too comes with it
        others = set()
    held = sorted(
        (
            item
            for item in obstacle.without.found.values()
            if item.row is not None and not item.on.startswith("__")
        ),
        key=lambda item: (
            about is not None and item.on != about.name,
            not isinstance(item.row, Build),
            item.on in others,
        ),
    )
    found = _refused_under(question, obstacle.premise, held)
    if found is None and obstacle.premise.name == "driver" and not question.facts.machine.driver:
        found = next(_asking_for_a_driver(obstacle, held), None)
    elsewhere = next((item for item in held if isinstance(item.row, Build | Library)), None)
    if found is None and elsewhere and obstacle.premise.name in {"platform", "via"}:
        return elsewhere, None
    return found


def _refused_under(
    question: Question, premise: Premise, held: Sequence[Candidate]
) -> tuple[Candidate, Need] | None:
    """The first of some candidates that the question itself refuses for what a premise is about."""
    gpu = premise.gpu
    providers = _providers(question.of_machine(gpus=(gpu,)) if gpu else question)
    about = _ABOUT.get(premise.name, (PYTHON,))
    for item in held:
        for provider in providers:
            if provider.facts.devices:
                return _refused_for_others(provider, item.on, about)
            here, needs = _here(provider, item)
            unmet = [need for need in needs if need.on in about and is_unmet(provider, need)]
            if unmet:
                return here, min(unmet, key=lambda need: about.index(need.on))
    return None


def _refused_for_others(
    provider: StackProvider, name: str, about: Sequence[str]
) -> tuple[Candidate, Need] | None:
    """The build nearest to the GPUs of another maker: one made for them, one that was read."""

    def far(pair: tuple[Candidate, Need]) -> tuple[bool, bool]:
        made_for = getattr(pair[0].row, "accelerator", None) == provider.facts.accelerator
        return not made_for, pair[1].reference == "unknown-architectures"

    found = [
        (candidate, need)
        for candidate in provider.candidates(name)
        for need in provider.needs(candidate)
        if need.on in about and is_unmet(provider, need)
    ]
    return min(found, key=far, default=None)


def _here(provider: StackProvider, chosen: Candidate) -> tuple[Candidate, tuple[Need, ...]]:
    """A candidate of another question in this one, and its needs; none where it cannot be.

    A channel's build is not even a candidate for a GPU that it has no code for.
    """
    for candidate in provider.candidates(chosen.on):
        if candidate.row is chosen.row:
            return candidate, provider.needs(candidate)
    row, facts = chosen.row, provider.facts
    if not isinstance(row, Build) or row.platform != facts.platform:
        return chosen, ()
    served = [
        serve(gpu.name, gpu.compute_capability or "", row.sass, row.ptx, facts.tegra)
        for gpu in facts.gpus
    ]
    whole = tuple(one for one in served if one is not None)
    serves = whole if len(whole) == len(served) else ()
    return chosen, provider.builds.needs(msgspec.structs.replace(chosen, serves=serves))


def _asking_for_a_driver(
    obstacle: Obstacle, held: Sequence[Candidate]
) -> Iterator[tuple[Candidate, Need]]:
    """Where there is no driver and none may come: what would be asked of it."""
    for item in held:
        for need in obstacle.without.provider.needs(item):
            if need.on == DRIVER and need.floor:
                yield item, need


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
            if need.on == against.on and exclude(need, against):
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


def exclude(one: Need, other: Need) -> bool:
    """Whether two needs on one name leave nothing over, as far as one of them names versions."""
    for left, right in ((one, other), (other, one)):
        pinned = left.specifier.removeprefix("==")
        named = left.among or ((pinned,) if is_dotted(pinned) else ())
        if named and not any(right.met_by(Candidate(on=one.on, version=text)) for text in named):
            return True
    return False
