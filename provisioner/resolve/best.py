"""The best of all solutions: the order of preference (contract §2) stands here, and nowhere else.

The solver finds a solution, not the best one: where packages conflict it may step over a newer
version. So each choice is settled in order of preference, by asking it again with only the better
ones left: a better choice is taken if there is any solution with it.

1. the versions of what was asked for, in the order asked, newest first;
2. their builds: first which are measured and which announced, then which have machine code and
   which PTX;
3. the versions of frameworks that they bring along;
4. what is still equal in the order of ``Builds.candidates``; then the libraries they leave open;
5. the machine's facts that leave a choice: the driver best liked, the system's own Python. They
   are tried last and need nothing themselves, so that the first that all accept is the best.

That a working driver is kept, if anything runs on it, is the order of scenarios: nothing changes
the system less. Another Python is no change of the system, and never limits what was asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from provisioner.resolve.candidates import Candidate
from provisioner.resolve.provider import StackProvider
from provisioner.resolve.solver import Found, solve

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
    for name in settled.others(provider.facts.catalog.frameworks):
        settled.settle(name, _alike(provider.pool(name), 0))
    for name in asked:
        settled.settle(name, _one_by_one(pools[name]))
    for name in settled.others(provider.facts.catalog.frameworks):
        settled.settle(name, _one_by_one(provider.pool(name)))
    for name in settled.others():
        settled.settle(name, _one_by_one(provider.pool(name)))
    return settled.found


class _Settled:
    """A solution, and what is settled of it."""

    def __init__(self, provider: StackProvider, found: Found) -> None:
        self.provider = provider
        self.found = found

    def others(self, names: Collection[str] | None = None) -> Iterator[str]:
        """What is brought along, by name: of ``names``, or whatever it is but facts.

        What a choice brings in its place is asked for next.
        """
        done: set[str] = set()
        while left := sorted(name for name in self.found if self._is_open(name, names, done)):
            done.add(left[0])
            yield left[0]

    def _is_open(self, name: str, names: Collection[str] | None, done: set[str]) -> bool:
        if name in self.provider.rank or name in done:
            return False
        return name in names if names is not None else self.provider.is_package(name)

    def settle(self, name: str, choices: Iterator[Choice]) -> None:
        """Keep to the first of some choices, best first, with which there is a solution."""
        before = self.provider.left.get(name)
        for choice in choices:
            left = [item for item in choice if before is None or item in before]
            if self.found[name] in left:
                self.provider.left[name] = left
                return
            if not any(map(self.provider.is_bearable, left)):
                continue
            self.provider.left[name] = left
            better = solve(self.provider)
            if better is not None:
                self.found = better
                return
        # What nobody lists, the installer's choice among them, stays as it was found.
        self.provider.left.pop(name, None)


def _alike(pool: Choice, merit: int) -> Iterator[Choice]:
    """Those that are equal in their merits up to one of them, best first."""
    for _, found in groupby(pool, key=lambda item: item.merits[: merit + 1]):
        yield list(found)


def _one_by_one(pool: Choice) -> Iterator[Choice]:
    for item in pool:
        yield [item]
