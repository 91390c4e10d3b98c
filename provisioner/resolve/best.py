"""The best of all solutions: the order of preference (contract §2) stands here, and nowhere else.

resolvelib finds a solution, not the best one: where packages conflict it may step over a newer
version. So each choice is settled in order of preference, by asking it again with only the better
ones left: a better choice is taken if there is any solution with it.

1. the versions of what was asked for, in the order asked, newest first;
2. their builds: first which are measured and which announced, then which have machine code and
   which PTX; what is still equal in the order of ``Builds.candidates``;
3. whatever they bring along, best first;
4. the machine's facts that leave a choice: the driver best liked, the system's own Python.

That a working driver is kept, if anything runs on it, is the order of scenarios: nothing changes
the system less. Another Python is no change of the system, and never limits what was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from resolvelib import BaseReporter, ResolutionImpossible, ResolutionTooDeep, Resolver

from provisioner.errors import RefusedError
from provisioner.resolve.candidates import DRIVER, PYTHON, Candidate, Need
from provisioner.resolve.provider import StackProvider

_ROUNDS = 20_000
"""Steps after which a search is given up; what people ask for takes a few hundred."""

Found = Mapping[str, Candidate]
Choice = Sequence[Candidate]
"""Candidates for one name that are equally good at the moment."""


def best(provider: StackProvider) -> Found | None:
    """Return the best candidates that go together, by name, or None where none do."""
    found = solve(provider)
    if not found:
        return found
    settled = _Settled(provider, found)
    asked = [name for name in provider.rank if name in found]
    pools = {name: provider.pool(name) for name in asked}
    for merit in range(max(len(item.merits) for pool in pools.values() for item in pool)):
        for name in asked:
            settled.settle(name, _alike(pools[name], merit))
    for name in asked:
        settled.settle(name, _one_by_one(pools[name]))
    while unsettled := settled.unsettled():
        name = unsettled[0]
        settled.settle(name, _one_by_one(provider.pool(name)))
    return settled.found


class _Settled:
    """A solution, and what is settled of it."""

    def __init__(self, provider: StackProvider, found: Found) -> None:
        self.provider = provider
        self.found = found
        self._asked_about: set[str] = set()

    def unsettled(self) -> list[str]:
        """What is part of the solution and leaves a choice yet: packages, then facts."""
        names = [
            name
            for name in self.found
            if name not in self._asked_about
            and (name in {DRIVER, PYTHON} or not ("[" in name or name.startswith("__")))
        ]
        return sorted(names, key=lambda name: (name.startswith("__"), name))

    def settle(self, name: str, choices: Iterator[Choice]) -> None:
        """Keep to the first of some choices, best first, with which there is a solution."""
        self._asked_about.add(name)
        before = self.provider.left.get(name)
        for choice in choices:
            left = [item for item in choice if before is None or id(item) in before]
            if not left:
                continue
            self.provider.left[name] = frozenset(map(id, left))
            if any(item is self.found[name] for item in left):
                return
            better = solve(self.provider)
            if better is not None:
                self.found = better
                return
        # What nobody lists, the installer's choice among them, stays as it was found.
        self.provider.left.pop(name, None)


def solve(provider: StackProvider) -> Found | None:
    """Return candidates that go together, by name, or None where none do.

    Raises RefusedError ``search-too-long`` where that cannot be told within a few seconds.
    """
    roots = provider.roots()
    if not roots:
        return {}
    solver: Resolver[Need, Candidate, str] = Resolver(provider, BaseReporter())
    try:
        return solver.resolve(roots, max_rounds=_ROUNDS).mapping
    except ResolutionImpossible:
        return None
    except ResolutionTooDeep:
        raise RefusedError(
            "search-too-long",
            f"No answer for {' with '.join(provider.rank)} was found within {_ROUNDS} steps.",
            hint="Ask for fewer packages at once, or name the versions that matter.",
        ) from None


def _alike(pool: Choice, merit: int) -> Iterator[Choice]:
    """Those that are equal in their merits up to one of them, best first."""
    for _, found in groupby(pool, key=lambda item: item.merits[: merit + 1]):
        yield list(found)


def _one_by_one(pool: Choice) -> Iterator[Choice]:
    for item in pool:
        yield [item]
