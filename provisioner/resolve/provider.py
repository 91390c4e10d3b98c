"""What the solver asks, answered from rows and facts: candidates, and what each of them needs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import permutations

from provisioner.request import COMPONENTS, Wish, parse_wish
from provisioner.resolve.builds import Builds
from provisioner.resolve.candidates import DRIVER, GLIBC, PYTHON, Candidate, Need, file_of
from provisioner.resolve.components import Components
from provisioner.resolve.drivers import DriverChoice
from provisioner.resolve.facts import Facts
from provisioner.resolve.packages import shared_files
from provisioner.version import order


class StackProvider:
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
        self._bases = tuple(name for name in frameworks if name not in by_name)
        """What nobody asked for and every answer holds: frameworks that others extend."""
        self.builds = Builds(facts, by_name)
        self._frameworks = frozenset(facts.catalog.frameworks)
        self.components = Components(facts, by_name, frameworks, routes)
        self.left: dict[str, list[Candidate]] = {}
        """Where a choice is settled: the candidates that are left for a name."""
        self._kept: dict[str, list[Candidate]] = {}
        self._borne: dict[str, list[Candidate]] = {}
        self._needs: dict[int, tuple[Need, ...]] = {}
        self._few: dict[int, dict[str, frozenset[str]]] = {}
        self._pairs: dict[tuple[int, int], bool] = {}

    def roots(self) -> tuple[Need, ...]:
        """The wishes as needs, in the order asked, and the bounds that companions set."""
        wishes = tuple(
            Need(on=name, reference="asked", reason="you asked for it")
            for name in self.rank
            if not self.components.carried(name)
        )
        return (*wishes, *self.bounds) if wishes else ()

    @cached_property
    def bounds(self) -> tuple[Need, ...]:
        """What companions ask of NVIDIA's packages, which builds are bound to as well."""
        asked = [parse_wish(text) for text in self.facts.request.companions if self.facts.gpus]
        nvidias = [wish for wish in asked if wish.name.startswith("nvidia-")]
        pinned = (
            Need(
                on=wish.name,
                reference="framework-pin-conflict",
                reason=f"you asked for {wish.text}",
                specifier=wish.specifier,
            )
            for wish in nvidias
            if wish.specifier
        )
        files = (
            need
            for wish in nvidias
            for need in shared_files(self.facts, wish.name, "you asked for")
        )
        return (*pinned, *files)

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
        pools = {name: self._bearable(name) for name in (*self.rank, *self._bases)}
        roots = {name for name in pools if not self.components.carried(name)}
        pruned = all(pools[name] for name in roots)
        while pruned:
            pruned = False
            for name, other in permutations(pools, 2):
                if beside := pools[other]:
                    kept = [
                        item
                        for item in pools[name]
                        if any(self._go_together(item, its) for its in beside)
                    ]
                    pruned |= len(kept) < len(pools[name])
                    pools[name] = kept
                    if not kept and name in roots:  # no answer: the solver sees that by itself
                        return pools
        return pools

    def _bearable(self, name: str) -> list[Candidate]:
        """Candidates that the machine's facts alone do not rule out."""
        if name not in self._borne:
            self._borne[name] = [*filter(self.is_bearable, self.candidates(name))]
        return self._borne[name]

    def is_bearable(self, candidate: Candidate) -> bool:
        """Whether the machine's facts alone do not rule a candidate out."""
        return not any(map(self.is_hopeless, self.needs(candidate)))

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
        if candidate.on not in self._frameworks:
            return candidate.needs
        if id(candidate) not in self._needs:
            self._needs[id(candidate)] = self.builds.needs(candidate)
        return self._needs[id(candidate)]

    def preference(self, name: str, left: Sequence[Candidate]) -> tuple[int, int, str]:
        """Frameworks with one version left go first, so that what cannot be is seen at once.

        Then what was asked for, in the order asked; other frameworks, libraries, the machine's
        facts. What is left to the installer comes last: by then everybody has said which version.
        """
        framework = name in self._frameworks
        place = self.rank.get(name, len(self.rank))
        if framework and all(item.version == left[0].version for item in left):
            return 0, place, name
        if name in self.rank:
            return 1, place, name
        if framework:
            return 2, 0, name
        if not self.is_package(name):
            return 4, 0, name
        return (3 if self.pool(name) else 5), 0, name

    def is_package(self, name: str) -> bool:
        """Whether a name is no fact of the machine or of a framework."""
        return not name.startswith("__") and "[" not in name

    def options(
        self, name: str, needs: Sequence[Need], known: list[Candidate] | None, added: Need
    ) -> list[Candidate]:
        """The candidates that meet every need, best first.

        ``known`` are those that meet all but the last that was added, where that was asked before.
        """
        if added.failed:
            return []
        pool = self.left.get(name) or self.pool(name)
        if not pool and self._is_left_to_the_installer(name):
            pool, known = self._unlisted(name, needs), None
        if known is not None:
            return [item for item in known if added.met_by(item)]
        return [item for item in pool if all(need.met_by(item) for need in needs)]

    def pool(self, name: str) -> list[Candidate]:
        """The candidates for a name that are worth trying, best first."""
        if len(self.rank) > 1 and (name in self.rank or name in self._bases):
            return self._viable[name]
        return self.candidates(name)

    def _is_left_to_the_installer(self, name: str) -> bool:
        """Whether a name is a package that only some build needs, without rows of its own."""
        known = name in self.facts.catalog.frameworks or name in self.rank or name in COMPONENTS
        return not known and not name.startswith("__") and "[" not in name

    def _unlisted(self, name: str, needs: Sequence[Need]) -> list[Candidate]:
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
