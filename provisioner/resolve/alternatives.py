"""The one change that would give a plan, or one with newer versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provisioner.catalog.rows import Build
from provisioner.plan import Alternative
from provisioner.request import Wish
from provisioner.resolve.candidates import DRIVER, PYTHON
from provisioner.resolve.conflict import Conflict, let_go
from provisioner.resolve.drivers import branch_of, drives
from provisioner.resolve.facts import Facts
from provisioner.resolve.nearest import blocked
from provisioner.resolve.premises import Premise, Question, without_driver
from provisioner.resolve.search import Solution, is_better, search
from provisioner.version import at_least, order

_OF_THE_USER = ("driver", "python", "via")
"""What a person can change without other hardware, another system or another request."""


def alternatives(question: Question, solution: Solution) -> tuple[Alternative, ...]:
    """Single changes that would give more than the plan does."""
    if solution.scenario.action != "keep" or not question.wishes:
        return ()
    found = (_newer_driver(question, solution), _by_channel(question, solution))
    return tuple(way for way in found if way is not None)


def ways_out(told: Conflict) -> Iterator[Alternative]:
    """Single changes after which there is an answer, the least effort first.

    What gives the wish that this is about goes before giving up its version, or the GPU.
    """
    yield from _letting_go(told, "driver", "python", "via")
    yield from _together(told)
    question = told.question
    others = [wish for wish in question.wishes if wish is not told.about]
    yield from _any_version(told, others)
    yield from _letting_go(told, "wish", "gpu", "libc", "platform")
    yield from _any_version(told, [wish for wish in question.wishes if wish is told.about])
    if question.facts.machine.gpus and any(not wish.is_component for wish in question.wishes):
        solution = question.of_machine(gpus=()).solve()
        gives = gifts([wish.name for wish in question.wishes], solution) if solution else ""
        if gives:
            yield Alternative("compute on the CPU (--gpu none)", gives)


def _letting_go(told: Conflict, *kinds: str) -> Iterator[Alternative]:
    """What helps by itself stands in every smallest conflict, so in this one too."""
    names = [wish.name for wish in told.question.wishes]
    for kind in kinds:
        for obstacle in told.obstacles:
            if obstacle.alone and obstacle.premise.name == kind:
                change = _change(told, obstacle.premise, obstacle.without)
                if change:
                    yield Alternative(change, gifts(names, obstacle.without))


def _together(told: Conflict) -> Iterator[Alternative]:
    """What has to change at once, where nothing helps by itself and all of it is the user's."""
    if any(item.alone for item in told.obstacles):
        return
    changed = [premise for premise in told.everything if premise.name in _OF_THE_USER]
    kept = [premise for premise in told.everything if premise not in changed]
    solution = let_go(told.question, told.everything, kept)
    if solution is None:
        return
    for premise in tuple(changed):
        fewer = let_go(told.question, told.everything, [*kept, premise])
        if fewer is not None:
            kept, solution = [*kept, premise], fewer
            changed.remove(premise)
    words = [_change(told, premise, solution) for premise in changed]
    names = [wish.name for wish in told.question.wishes]
    yield Alternative(" and ".join(word for word in words if word), gifts(names, solution))


def _any_version(told: Conflict, named: Sequence[Wish]) -> Iterator[Alternative]:
    """What there is when one of some wishes leaves its version open."""
    wishes = told.question.wishes
    for wish in named:
        if not wish.specifier:
            continue
        freed = Wish(name=wish.name, extras=wish.extras, text=wish.name)
        opened = tuple(freed if other is wish else other for other in wishes)
        solution = told.question.for_wishes(*opened).solve()
        gives = gifts([other.name for other in wishes], solution) if solution else ""
        if gives:
            yield Alternative(f"leave the version of {wish.name} open", gives)


def _change(told: Conflict, premise: Premise, solution: Solution) -> str:
    """Letting go of a premise, as something to do; nothing for what nobody can change."""
    facts = told.question.facts
    if premise.name == "driver":
        return _driver_change(facts, solution)
    if premise.name == "python" and PYTHON in solution.found:
        return f"use Python {solution.found[PYTHON].version}"
    loose = premise.wish is not None and premise.wish in told.question.wishes
    if premise.name == "via" or (premise.wish and not (loose and premise.wish.specifier)):
        return f"leave out {premise.text}"
    if premise.gpu and len({gpu.name for gpu in facts.machine.gpus}) > 1:
        return f"leave out the {premise.gpu.name}"
    if premise.name == "libc":
        return _newer_system(told)
    platform = solution.provider.facts.platform
    return f"take a machine of {platform}" if premise.name == "platform" else ""


def _driver_change(facts: Facts, solution: Solution) -> str:
    needed = _driver_needed(solution)
    where = " in Windows" if facts.has_windows_driver else ""
    version = facts.machine.driver.version if facts.machine.driver else None
    if version is None:
        return f"install driver {needed} or later{where}"
    row = branch_of(facts, version)
    rows = [facts.architectures.get(gpu.compute_capability or "") for gpu in facts.gpus]
    driven = row is not None and all(one is not None and drives(row.branch, one) for one in rows)
    if needed and not at_least(version, needed):
        return f"upgrade the driver{where} to {needed} or later"
    found = solution.found.get(DRIVER)
    if driven or found is None:
        return f"change the driver{where}"
    return f"change the driver{where} to branch {found.row.branch}"


def _newer_system(told: Conflict) -> str:
    for obstacle in told.obstacles:
        found = blocked(told.question, obstacle) if obstacle.premise.name == "libc" else None
        if found and found[1] and found[1].floor:
            return f"use a system with glibc {found[1].floor} or later"
    return "use a system with glibc"


def _newer_driver(question: Question, solution: Solution) -> Alternative | None:
    """What runs on a newer driver."""
    freed = without_driver(question)
    better = freed.solve()
    if better is None or not is_better(question.wishes, better.found, solution.found):
        return None
    needed = _driver_needed(better)
    if needed is None:
        return None
    where = " in Windows" if question.facts.has_windows_driver else ""
    improved = list(_improved(question.wishes, better, solution))
    return Alternative(f"upgrade the driver{where} to {needed} or later", gifts(improved, better))


def _by_channel(question: Question, solution: Solution) -> Alternative | None:
    """What a channel's own builds give on the driver there is, where wheels went first."""
    offered = any("conda-native" in along for along in question.routes)
    if question.facts.request.via or not offered or "conda-native" in solution.routes:
        return None
    better = search(question.facts, question.wishes, (("conda-native",),))
    if better is None or better.scenario.action != "keep":
        return None
    if not is_better(question.wishes, better.found, solution.found):
        return None
    improved = list(_improved(question.wishes, better, solution))
    return Alternative("take the channel's own builds (--via conda)", gifts(improved, better))


def _improved(wishes: Sequence[Wish], new: Solution, old: Solution) -> Iterator[str]:
    """Names of what was asked for that comes in another version."""
    for wish in wishes:
        better, now = new.found.get(wish.name), old.found.get(wish.name)
        if better and now and (better.version, better.variant) != (now.version, now.variant):
            yield wish.name


def _driver_needed(solution: Solution) -> str | None:
    floors = [
        need.floor
        for candidate in solution.found.values()
        for need in solution.provider.needs(candidate)
        if need.on == DRIVER and need.floor
    ]
    return max(floors, key=order, default=None)


def gifts(names: Sequence[str], solution: Solution) -> str:
    """What an answer holds of some names, and the CUDA of it: ``torch 2.15.0, CUDA 13.2``."""
    held = [solution.found[name] for name in names if name in solution.found]
    told = [f"{candidate.on} {candidate.version}" for candidate in held]
    if solution.provider.facts.gpus:
        builds = [item.row for item in held if isinstance(item.row, Build)]
        cuda = dict.fromkeys(row.cuda for row in builds if row.cuda)
        told += [f"CUDA {' and '.join(cuda)}"] if cuda else []
    return ", ".join(told)
