"""The domain, as resolvelib asks for it: five questions, answered from rows and facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import permutations

from resolvelib import AbstractProvider

from provisioner.request import COMPONENTS, Wish, parse_wish
from provisioner.resolve.builds import Builds
from provisioner.resolve.candidates import DRIVER, GLIBC, PYTHON, Candidate, Need, file_of
from provisioner.resolve.components import Components
from provisioner.resolve.drivers import DriverChoice
from provisioner.resolve.facts import Facts
from provisioner.version import order


class StackProvider(AbstractProvider[Need, Candidate, str]):
    """One search: these wishes, along these routes, on these drivers."""

    def __init__(
        self,
        facts: Facts,
        wishes: Sequence[Wish],
        routes: tuple[str, ...],
        drivers: tuple[DriverChoice, ...],
    ) -> None:
        self.facts = facts
        self.routes = routes
        self.drivers = drivers
        by_name = {wish.name: wish for wish in wishes}
        self.rank = {name: place for place, name in enumerate(by_name)}
        asked = tuple(name for name in by_name if name in facts.catalog.frameworks)
        frameworks = tuple(dict.fromkeys(facts.base_of_framework(name) or name for name in asked))
        self.builds = Builds(facts, by_name)
        self.components = Components(facts, by_name, frameworks)
        self.left: dict[str, frozenset[int]] = {}
        """Where a choice is settled: the candidates (by identity) that are left for a name."""
        self._kept: dict[str, list[Candidate]] = {}
        self._borne: dict[str, list[Candidate]] = {}
        self._needs: dict[int, tuple[Need, ...]] = {}
        self._few: dict[int, dict[str, frozenset[str]]] = {}
        self._pairs: dict[tuple[int, int], bool] = {}

    def roots(self) -> list[Need]:
        """The wishes as needs, in the order asked, and the bounds that companions set."""
        wishes = [
            Need(on=name, reference="asked", reason="you asked for it")
            for name in self.rank
            if not self.components.carried(name)
        ]
        return [*wishes, *self.bounds] if wishes else []

    @cached_property
    def bounds(self) -> tuple[Need, ...]:
        """What companions ask of NVIDIA's packages, which builds are bound to as well."""
        asked = [parse_wish(text) for text in self.facts.request.companions if self.facts.gpus]
        return tuple(
            Need(
                on=wish.name,
                reference="framework-pin-conflict",
                reason=f"you asked for {wish.text}",
                specifier=wish.specifier,
            )
            for wish in asked
            if wish.name.startswith("nvidia-") and wish.specifier
        )

    def candidates(self, name: str) -> list[Candidate]:
        """Every candidate for a name, best first, whatever is needed of it."""
        if name not in self._kept:
            self._kept[name] = self._make(name)
        return self._kept[name]

    @cached_property
    def _viable(self) -> dict[str, list[Candidate]]:
        """Candidates that neither the machine's facts nor another wish alone rule out.

        Worth its price where several wishes meet: the solver then never walks through the rest.
        """
        pools = {name: self._bearable(name) for name in self.rank}
        pruned = True
        while pruned:
            pruned = False
            for name, other in permutations(self.rank, 2):
                if beside := pools[other]:
                    kept = [
                        item
                        for item in pools[name]
                        if any(self._go_together(item, its) for its in beside)
                    ]
                    pruned |= len(kept) < len(pools[name])
                    pools[name] = kept
        return pools

    def _bearable(self, name: str) -> list[Candidate]:
        """Candidates that the machine's facts alone do not rule out."""
        if name not in self._borne:
            self._borne[name] = [
                candidate
                for candidate in self.candidates(name)
                if not any(self.is_hopeless(need) for need in self.needs(candidate))
            ]
        return self._borne[name]

    def _go_together(self, one: Candidate, other: Candidate) -> bool:
        """Whether nothing speaks against two candidates beside each other, as far as they tell."""
        pair = (id(one), id(other))
        if pair not in self._pairs:
            self._pairs[pair] = self._pairs[pair[::-1]] = (
                all(need.met_by(other) for need in self.needs(one) if need.on == other.on)
                and all(need.met_by(one) for need in self.needs(other) if need.on == one.on)
                and not self._want_different(one, other)
            )
        return self._pairs[pair]

    def _want_different(self, one: Candidate, other: Candidate) -> bool:
        """Whether two candidates need the same thing to be different: a CUDA, a package."""
        wanted, its = self._choices_of(one), self._choices_of(other)
        return any(wanted[name].isdisjoint(its[name]) for name in wanted.keys() & its.keys())

    def _choices_of(self, candidate: Candidate) -> dict[str, frozenset[str]]:
        """For each thing that a candidate needs one of a few of: which."""
        if id(candidate) not in self._few:
            self._few[id(candidate)] = {
                need.on: few for need in self.needs(candidate) if (few := need.one_of)
            }
        return self._few[id(candidate)]

    def is_hopeless(self, need: Need) -> bool:
        """Whether no candidate for the need's name can meet it, whatever else is chosen."""
        if need.failed:
            return True
        if not need.on.startswith("__"):
            return False
        return not any(need.met_by(fact) for fact in self.candidates(need.on))

    def _make(self, name: str) -> list[Candidate]:
        if name == DRIVER:
            return [
                Candidate(on=DRIVER, version=choice.version, row=choice) for choice in self.drivers
            ]
        if name.startswith("__") or "[" in name:
            return [Candidate(on=name, version=version) for version in self._values(name)]
        if name in self.facts.catalog.frameworks:
            return self.builds.candidates(name, self.routes)
        return self.components.candidates(name)

    def _values(self, name: str) -> tuple[str, ...]:
        """The values of a fact of the machine, best first; a fact that only decides has one."""
        if name == PYTHON:
            return self.facts.python_order
        if name == GLIBC:
            return (self.facts.glibc or "0",)
        if name.startswith("cuda["):
            return self.facts.cuda_values
        for shared in self.facts.catalog.shared_files:
            if name == file_of(shared.file):
                return shared.packages
        return ("0",)

    def needs(self, candidate: Candidate) -> tuple[Need, ...]:
        """What a candidate needs."""
        if candidate.on not in self.facts.catalog.frameworks:
            return candidate.needs
        if id(candidate) not in self._needs:
            self._needs[id(candidate)] = self.builds.needs(candidate)
        return self._needs[id(candidate)]

    def identify(self, requirement_or_candidate: Need | Candidate) -> str:
        """Needs and candidates are identified by the name they are about."""
        return requirement_or_candidate.on

    def get_preference(
        self,
        identifier: str,
        resolutions: Mapping[str, Candidate],  # noqa: ARG002 - resolvelib's signature
        candidates: Mapping[str, Iterator[Candidate]],  # noqa: ARG002 - as above
        information: Mapping[str, Iterator[object]],  # noqa: ARG002 - as above
        backtrack_causes: Sequence[object],  # noqa: ARG002 - as above
    ) -> tuple[int, int, str]:
        """What was asked for first, in the order asked; then packages, then the machine's facts."""
        if identifier in self.rank:
            return 0, self.rank[identifier], identifier
        return (2 if identifier.startswith("__") else 1), 0, identifier

    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[Need]],
        incompatibilities: Mapping[str, Iterator[Candidate]],
    ) -> Iterable[Candidate]:
        """Candidates that meet every need so far, best first."""
        needs = list(requirements[identifier])
        if any(need.failed for need in needs):
            return []
        spurned = {id(candidate) for candidate in incompatibilities[identifier]}
        pool = self.pool(identifier)
        if not pool and self._is_left_to_the_installer(identifier):
            pool = self._unlisted(identifier, needs)
        left = self.left.get(identifier)
        return [
            candidate
            for candidate in pool
            if id(candidate) not in spurned
            and (left is None or id(candidate) in left)
            and all(need.met_by(candidate) for need in needs)
        ]

    def pool(self, name: str) -> list[Candidate]:
        """The candidates for a name that are worth trying, best first."""
        if len(self.rank) > 1 and name in self.rank:
            return self._viable[name]
        return self.candidates(name)

    def _is_left_to_the_installer(self, name: str) -> bool:
        """Whether a name is a package that only some build needs, without rows of its own."""
        known = name in self.facts.catalog.frameworks or name in self.rank or name in COMPONENTS
        return not known and not name.startswith("__") and "[" not in name

    def _unlisted(self, name: str, needs: list[Need]) -> list[Candidate]:
        """Versions of a package without rows of its own: those that somebody pins exactly.

        Where nobody does, the package is left to the installer.
        """
        pinned = {
            need.specifier[2:]
            for need in needs
            if need.specifier.startswith("==") and "*" not in need.specifier
        }
        if pinned:
            made = [Candidate(on=name, version=version) for version in sorted(pinned, key=order)]
            return [self._same(name, candidate) for candidate in reversed(made)]
        return [self._same(name, Candidate(on=name, version="", row=None))]

    def _same(self, name: str, candidate: Candidate) -> Candidate:
        """The one object for an unlisted version, so that the solver can tell it apart."""
        kept = self._kept.setdefault(f"?{name}", [])
        for other in kept:
            if other.version == candidate.version:
                return other
        kept.append(candidate)
        return candidate

    def is_satisfied_by(self, requirement: Need, candidate: Candidate) -> bool:
        """Whether the need is met."""
        return requirement.met_by(candidate)

    def get_dependencies(self, candidate: Candidate) -> Iterable[Need]:
        """What the candidate needs in turn."""
        return self.needs(candidate)
