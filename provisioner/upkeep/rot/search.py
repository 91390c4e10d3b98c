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
_PROVIDERS = {"pkg_resources": "setuptools", "distutils": "setuptools"}
"""Distributions that bring a module of another name, where none is installed to tell."""


class Healed(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found: the caps, and what came of installing with all of them."""

    caps: tuple[CapFound, ...]
    outcome: Outcome


class _Search:
    """One search: what to install, and everything that was tried."""

    def __init__(self, base: Sequence[str], attempt: Attempt, versions: Versions) -> None:
        self.base = tuple(base)
        self.versions = versions
        self._attempt = attempt

    def outcome(self, held: Mapping[str, str]) -> Outcome:
        """What comes of holding distributions to versions."""
        return self._attempt((*self.base, *(f"{name}=={held[name]}" for name in sorted(held))))

    def heal(self, held: dict[str, str], outcome: Outcome) -> dict[str, str] | None:
        """More distributions held to versions, until it works; None where nothing helps."""
        if outcome.works or len(held) >= _DEEPEST:
            return held if outcome.works else None
        for name in self._to_blame(outcome, held):
            for found, after in self._steps(name, held, outcome):
                if after.works or name in outcome.suspects or name in self._lacking(outcome):
                    healed = self.heal(found, after)
                    if healed is not None:
                        return healed
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

        Each change of the error is looked into once.
        """
        known = list(self.versions(name))
        now = outcome.version_of(name)
        older = known if now is None else [v for v in known if order(v) < order(now)]
        seen = {outcome.error}
        newer = now
        for version in _rungs(older)[:_MOST_RUNGS]:
            after = self.outcome({**held, name: version})
            if after.stage != "install" and after.error not in seen:
                seen.add(after.error)
                between = [v for v in older if _between(version, v, newer)]
                found = self.newest(name, held, after, [version, *between])
                yield {**held, name: found}, self.outcome({**held, name: found})
            newer = version

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


def _between(oldest: str, version: str, newest: str | None) -> bool:
    return order(oldest) < order(version) and (newest is None or order(version) < order(newest))


def heal(base: Sequence[str], attempt: Attempt, versions: Versions) -> Healed:
    """Find the caps under which ``base`` works; its first requirement is the release itself.

    The outcome is that of installing with the caps; where it does not work, no caps were found
    and it is that of installing without any.
    """
    search = _Search(base, attempt, versions)
    plain = attempt(base)
    held = search.heal({}, plain)
    if not held:
        return Healed(caps=(), outcome=plain)
    needed = _needed(search, held)
    caps = _tightened(search, needed)
    return Healed(caps=caps, outcome=attempt((*base, *(cap.requirement for cap in caps))))


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
        known = [v for v in search.versions(name) if order(v) > order(left[name])]
        works = search.outcome(left)
        left[name] = search.newest(name, left, works, [left[name], *known])
    return tuple(_cap(search, name, left) for name in sorted(left))


def _cap(search: _Search, name: str, held: Mapping[str, str]) -> CapFound:
    others = {other: version for other, version in held.items() if other != name}
    good = held[name]
    newer = [v for v in search.versions(name) if order(v) > order(good)]
    for bad in newer:
        fails = search.outcome({**others, name: bad})
        if fails.works:  # it came back: no cap below it is true
            break
        bound = _short(bad if minor(bad) == minor(good) else minor(bad))
        return CapFound(requirement=f"{name}<{bound}", error=fails.error, good=good, bad=bad)
    return CapFound(requirement=name, error=search.outcome(others).error, good=good)


def _short(version: str) -> str:
    """A version without zeros at its end that bear no meaning: ``1.24.0`` → ``1.24``."""
    parts = version.split(".")
    while len(parts) > 1 and parts[-1] == "0":
        parts.pop()
    return ".".join(parts)
