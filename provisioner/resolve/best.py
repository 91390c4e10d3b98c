"""The best of all solutions: the order of preference (contract §2) stands here, and nowhere else.

resolvelib finds a solution, not the best one: where packages conflict it may step over a newer
version. So each choice is settled in order of preference, by asking it again with only the better
ones left: a better choice is taken if there is any solution with it.

1. the versions of what was asked for, in the order asked, newest first;
2. their builds: measured before announced, SASS before PTX and so on (``Builds.candidates``);
3. whatever they bring along, newest first;
4. the machine's facts that leave a choice: the driver best liked, the system's own Python.

That a working driver is kept, if anything runs on it, is the order of scenarios: nothing changes
the system less. Another Python is no change of the system, and never limits what was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from resolvelib import BaseReporter, ResolutionImpossible, Resolver

from provisioner.resolve.candidates import Candidate, Need
from provisioner.resolve.provider import StackProvider
from provisioner.version import order, public

_ROUNDS = 5000

Found = Mapping[str, Candidate]
Choice = Sequence[Candidate]
"""Candidates for one name that are equally good at the moment."""


def best(provider: StackProvider) -> Found | None:
    """Return the best candidates that go together, by name, or None where none do."""
    found = solve(provider)
    if not found:
        return found
    asked = [name for name in provider.rank if name in found]
    brought = sorted((name for name in found if name not in asked), key=_is_fact)
    settled = _Settled(provider, found)
    for name in asked:
        settled.settle(name, _by_version(provider.pool(name)))
    for name in (*asked, *brought):
        settled.settle(name, _one_by_one(provider.pool(name)))
    return settled.found


class _Settled:
    """A solution, and what is settled of it."""

    def __init__(self, provider: StackProvider, found: Found) -> None:
        self.provider = provider
        self.found = found

    def settle(self, name: str, choices: Iterator[Choice]) -> None:
        """Keep to the first of some choices, best first, with which there is a solution."""
        if name not in self.found:
            return
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
    """Return candidates that go together, by name, or None where none do."""
    roots = provider.roots()
    if not roots:
        return {}
    solver: Resolver[Need, Candidate, str] = Resolver(provider, BaseReporter())
    try:
        return solver.resolve(roots, max_rounds=_ROUNDS).mapping
    except ResolutionImpossible:
        return None


def _is_fact(name: str) -> tuple[bool, str]:
    return name.startswith("__"), name


def _by_version(pool: Choice) -> Iterator[Choice]:
    versions = dict.fromkeys(public(item.version) for item in pool)
    for version in sorted(versions, key=order, reverse=True):
        yield [item for item in pool if public(item.version) == version]


def _one_by_one(pool: Choice) -> Iterator[Choice]:
    for item in pool:
        yield [item]
