"""Which older (or missing) dependencies bring a release back: stepped back, then bisected.

The search knows installing only as a function, so that it can be proved without one. A version is
trusted to fail where it was seen failing: the cap that is found lets in the newest version that
works, and the next one was seen to fail with all other caps in place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from provisioner.catalog.upkeep_rows import CapFound
from provisioner.upkeep.rot.environment import Outcome
from provisioner.version import minor, order

Attempt = Callable[[Sequence[str]], Outcome]
"""Installs requirements and tries the framework."""
Versions = Callable[[str], Sequence[str]]
"""The versions of a distribution that could be installed, oldest first; empty: there is none."""

_DEEPEST = 4
"""How many dependencies may be to blame together."""
_MOST_RUNGS = 30
_MOST_TRIED = 60
"""How many sets of versions are tried before it is given up; most of what heals takes ten."""
_PROVIDERS = {"pkg_resources": "setuptools", "distutils": "setuptools"}
"""Distributions that bring a module of another name, where none is installed to tell."""


class Healed(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found: the caps, and what came of installing with all of them."""

    caps: tuple[CapFound, ...]
    outcome: Outcome


def heal(
    base: Sequence[str],
    attempt: Attempt,
    versions: Versions,
    hint: Mapping[str, str] | None = None,
) -> Healed:
    """Find the caps under which ``base`` works; its first requirement is the release itself.

    ``hint`` holds distributions to versions that healed a neighbour: they are tried first. The
    outcome is that of installing with the caps; where it does not work, no caps were found and it
    is that of installing without any.
    """
    search = _Search(base, attempt, versions)
    plain = attempt(base)
    if plain.works:
        return Healed(caps=(), outcome=plain)
    held: Mapping[str, str] | None = hint if hint and search.outcome(hint).works else None
    held = held or search.heal({}, plain)
    if not held:
        return Healed(caps=(), outcome=plain)
    caps = _tightened(search, _needed(search, held))
    return Healed(caps=caps, outcome=attempt((*base, *(cap.requirement for cap in caps))))


class _Search:
    """One search: what to install, and everything that was tried."""

    def __init__(self, base: Sequence[str], attempt: Attempt, versions: Versions) -> None:
        self.base = tuple(base)
        self.versions = versions
        self._attempt = attempt
        self._tried: set[tuple[str, ...]] = set()

    def outcome(self, held: Mapping[str, str]) -> Outcome:
        """What comes of holding distributions to versions."""
        wanted = tuple(f"{name}=={held[name]}" for name in sorted(held))
        self._tried.add(wanted)
        return self._attempt((*self.base, *wanted))

    def heal(self, held: dict[str, str], outcome: Outcome) -> dict[str, str] | None:
        """More distributions held to versions, until it works; None where nothing helps."""
        if outcome.works or len(held) >= _DEEPEST:
            return held if outcome.works else None
        lacking = self._lacking(outcome)
        for name in self._to_blame(outcome, held):
            for found, after in self._steps(name, held, outcome):
                if after.works or name in (*outcome.suspects, *lacking):
                    healed = self.heal(found, after)
                    if healed is not None:
                        return healed
                if name in lacking:  # any version that has the module is as good
                    break
        return None

    def _to_blame(self, outcome: Outcome, held: Mapping[str, str]) -> list[str]:
        own = self.base[0].partition("=")[0]
        names = [*self._lacking(outcome), *outcome.suspects]
        if not held:  # the first failure may come from anybody
            names += [line.partition("==")[0] for line in outcome.installed]
        return [name for name in dict.fromkeys(names) if name != own and name not in held]

    def _lacking(self, outcome: Outcome) -> list[str]:
        if outcome.missing is None:
            return []
        top = outcome.missing.partition(".")[0]
        name = _PROVIDERS.get(top, top.replace("_", "-"))
        return [name] if self.versions(name) else []

    def _steps(
        self, name: str, held: Mapping[str, str], outcome: Outcome
    ) -> Iterator[tuple[dict[str, str], Outcome]]:
        """Older versions of a distribution that change the outcome: each time the newest such.

        Each change of the error is looked into once. One that goes on about this very distribution
        comes last: it may be too old by then.
        """
        now = outcome.version_of(name)
        older = [v for v in self.versions(name) if now is None or order(v) < order(now)]
        failing = [now] if now is not None else []
        seen = {outcome.error}
        waiting = []
        for version in _far_then_near(_rungs(older)[:_MOST_RUNGS]):
            if len(self._tried) >= _MOST_TRIED:
                return
            after = self.outcome({**held, name: version})
            if after.stage != "install" and after.error not in seen:
                seen.add(after.error)
                known = [version, *_between(version, older, failing)]
                if after.works or name not in after.suspects:
                    yield self._like(name, held, after, known)
                else:
                    waiting.append((after, known))
            elif after.error == outcome.error:
                failing.append(version)
        for after, known in waiting:
            yield self._like(name, held, after, known)

    def _like(
        self, name: str, held: Mapping[str, str], after: Outcome, known: Sequence[str]
    ) -> tuple[dict[str, str], Outcome]:
        found = {**held, name: self.newest(name, held, after, known)}
        return found, self.outcome(found)

    def newest(
        self, name: str, held: Mapping[str, str], like: Outcome, known: Sequence[str]
    ) -> str:
        """The newest of some versions, oldest first, with the outcome that the oldest has."""
        low, high = 0, len(known)
        while high - low > 1:
            middle = (low + high) // 2
            after = self.outcome({**held, name: known[middle]})
            if (after.stage, after.error) == (like.stage, like.error):
                low = middle
            else:
                high = middle
        return known[low]


def _rungs(versions: Sequence[str]) -> list[str]:
    """The newest patch of each minor series, newest first."""
    newest: dict[str, str] = {}
    for version in versions:
        newest[minor(version)] = version
    return sorted(newest.values(), key=order, reverse=True)


def _far_then_near(rungs: Sequence[str]) -> list[str]:
    """Rungs in steps that double, so that one far down is reached soon; then those between."""
    far = [2**power - 1 for power in range(len(rungs).bit_length())]
    near = [number for number in range(len(rungs)) if number not in far]
    return [rungs[number] for number in (*far, *near)]


def _between(version: str, older: Sequence[str], failing: Sequence[str]) -> list[str]:
    """Versions newer than one, up to the first of them that is known to fail."""
    above = [v for v in failing if order(v) > order(version)]
    bound = min(above, key=order, default=None)
    newer = [v for v in older if order(v) > order(version)]
    return newer if bound is None else [v for v in newer if order(v) < order(bound)]


def _needed(search: _Search, held: Mapping[str, str]) -> dict[str, str]:
    """Only what must be held: the rest was a step on the way."""
    left = dict(held)
    for name in held:
        without = {other: version for other, version in left.items() if other != name}
        if search.outcome(without).works:
            left = without
    return left


def _tightened(search: _Search, held: Mapping[str, str]) -> tuple[CapFound, ...]:
    """Each as a cap that the next version breaks, found with all others in place."""
    left = dict(held)
    for name in held:
        newer = [v for v in search.versions(name) if order(v) > order(left[name])]
        if newer and search.outcome({**left, name: newer[0]}).works:
            works = search.outcome(left)
            left[name] = search.newest(name, left, works, [left[name], *newer])
    return tuple(_cap(search, name, left) for name in sorted(left))


def _cap(search: _Search, name: str, held: Mapping[str, str]) -> CapFound:
    others = {other: version for other, version in held.items() if other != name}
    good = held[name]
    bad = next((v for v in search.versions(name) if order(v) > order(good)), None)
    fails = search.outcome({**others, name: bad}) if bad else None
    if bad is None or fails is None or fails.works:  # it was missing: any newer one will do
        return CapFound(requirement=name, error=search.outcome(others).error, good=good)
    bound = _short(bad if minor(bad) == minor(good) else minor(bad))
    return CapFound(requirement=f"{name}<{bound}", error=fails.error, good=good, bad=bad)


def _short(version: str) -> str:
    """A version without zeros at its end that bear no meaning: ``1.24.0`` → ``1.24``."""
    parts = version.split(".")
    while len(parts) > 1 and parts[-1] == "0":
        parts.pop()
    return ".".join(parts)
