"""Why not the rest: refusals in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from provisioner.catalog import newer
from provisioner.errors import RefusedError
from provisioner.plan import Alternative, Refused
from provisioner.request import Wish
from provisioner.resolve.alternatives import ways_out
from provisioner.resolve.builds import is_asked
from provisioner.resolve.candidates import DRIVER, GLIBC, PYTHON, Candidate, Need
from provisioner.resolve.components import PACKAGES
from provisioner.resolve.conflict import Conflict, conflict, culprit
from provisioner.resolve.drivers import Scenario
from provisioner.resolve.facts import Facts
from provisioner.resolve.forward_compatibility import forward_compatible
from provisioner.resolve.nearest import exclude, is_unmet
from provisioner.resolve.premises import Question
from provisioner.resolve.provider import StackProvider
from provisioner.resolve.wording import (
    Fact,
    facts_of,
    is_idle,
    lines_of,
    machine_fact,
    sentence,
)
from provisioner.version import is_dotted, minor, order, public

_MOST = 40
_LINES = 6


def passed_over(
    provider: StackProvider, wishes: Sequence[Wish], found: Mapping[str, Candidate]
) -> tuple[Refused, ...]:
    """Candidates that stood before the chosen ones, each with the fact that decided it."""
    refused: list[Refused] = []
    for wish in wishes:
        chosen = found.get(wish.name)
        for candidate in provider.candidates(wish.name) if chosen else ():
            if candidate is chosen:
                break
            refused.append(_refused(provider, candidate, found))
    return tuple(refused[:_MOST])


def refusal(question: Question, apart: Sequence[Alternative] = ()) -> RefusedError:
    """The error for a request that nothing satisfies: the deciding facts, and what would help.

    ``apart`` are environments that would each hold a part of it.
    """
    refused = tuple(everything(question))
    about = culprit(question)
    told = conflict(question, about)
    ways = (*apart, *ways_out(told), *forward_compatible(question))
    hints = [f"{way.change}: gives {way.gives}" for way in ways]
    return RefusedError(
        "no-compatible-stack",
        sentence(told, about.text),
        context=lines_of(deciding(told, about), _LINES),
        hint="; ".join(hints) or _advice(told, about, refused),
        data={"refused": refused[:_MOST], "alternatives": ways},
    )


def _advice(told: Conflict, about: Wish, refused: Sequence[Refused]) -> str:
    """What to do where no single change helps; no machine is named for what none would allow.

    Where one thing speaks against all candidates, it is what the vocabulary advises for that.
    """
    named = {item.reference for item in refused if item.candidate.startswith(f"{about.name} ")}
    fixes = [row.fix for row in told.question.facts.catalog.references if row.name in named]
    if len(named) == 1 and fixes:
        return fixes[0]
    if told.obstacles:
        return "Ask for another version or name another machine."
    return f"Leave out {about.name}" + (", or ask for another version." if about.specifier else ".")


def with_ways(question: Question, refused: RefusedError) -> RefusedError:
    """A refusal of the machine itself, with the single changes that would help."""
    ways = tuple(ways_out(conflict(question, culprit(question))))
    hints = [f"{way.change}: gives {way.gives}" for way in ways]
    return RefusedError(
        refused.reference,
        refused.message,
        context=refused.context,
        hint="; ".join(hints) or refused.hint,
        data={**refused.data, "alternatives": ways},
    )


def deciding(told: Conflict, about: Wish) -> tuple[Fact, ...]:
    """The facts in conflict; where no machine would do, what was refused for which reason."""
    facts = facts_of(told, [about.text])
    if told.obstacles:
        return facts
    refused = newest_of_each_reason(tuple(everything(told.question.for_wishes(about))))
    rows = [Fact("row", f"{item.candidate}: {item.reason}", item.evidence) for item in refused]
    gpus = [machine_fact(told.question, item) for item in told.everything if item.gpu]
    return (*facts, *rows, *(gpus if is_idle(told) else ()))


def unknown_release(facts: Facts, wish: Wish) -> RefusedError | None:
    """The error for versions that the catalog has never seen; None where it knows one."""
    versions = [version for version, asked in _releases(facts, wish) if not asked]
    if not wish.specifier or not versions or any(asked for _, asked in _releases(facts, wish)):
        return None
    newest = max(versions, key=order)
    reason = f"unknown: the catalog knows no release of {wish.name} within {wish.specifier}"
    return RefusedError(
        "no-compatible-stack",
        f"{wish.text} is unknown: the catalog knows no such release.",
        context=(
            f"newest {wish.name} it knows: {newest} (looked at {facts.catalog.checked})",
            *_near(wish, versions),
        ),
        hint=f"Ask for a version it knows; {newer.releases(facts.catalog, wish.name)}",
        data={
            "refused": (Refused(wish.text, "unknown-release", reason, ""),),
            "alternatives": (),
        },
    )


def _releases(facts: Facts, wish: Wish) -> Iterator[tuple[str, bool]]:
    """Every release of what a wish names, on any platform, and whether it is asked for."""
    catalog = facts.catalog
    if wish.name in catalog.frameworks:
        yield from ((row.version, is_asked(wish, row)) for row in facts.builds(wish.name))
    elif wish.name == "cuda":
        known = (version for row in catalog.cuda for version in (row.version, *row.toolkits))
        yield from ((version, wish.admits(version)) for version in known)
    elif wish.name in PACKAGES:
        for row in catalog.libraries:
            if row.package.startswith(PACKAGES[wish.name]) and is_dotted(row.version):
                yield row.version, wish.admits(row.version)


def _near(wish: Wish, versions: Sequence[str]) -> Iterator[str]:
    """Releases of the same series as one that is named and does not exist."""
    named = wish.specifier.removeprefix("==").partition("+")[0]
    if named != wish.specifier and is_dotted(named):
        series = f"{minor(named)}."
        near = {public(version) for version in versions if version.startswith(series)}
        if near:
            yield f"of {minor(named)} it knows {', '.join(sorted(near, key=order))}"


def _refused(
    provider: StackProvider, candidate: Candidate, found: Mapping[str, Candidate]
) -> Refused:
    """Why a candidate was not taken: by itself, or beside what was."""
    needs = provider.needs(candidate)
    unmet = next(_unmet(provider, needs), None)
    if unmet is not None:
        return Refused(str(candidate), unmet.reference, _told(provider, unmet), unmet.evidence)
    for need, other, against in _fights(provider, candidate, found):
        reason = f"{need.reason}; {other} {against.reason.removeprefix('it ')}"
        return Refused(str(candidate), need.reference, reason, need.evidence)
    for other in found.values():
        for need in provider.needs(other):
            if need.on == candidate.on and not need.met_by(candidate):
                reason = f"{other} beside it needs {need.reason.removeprefix('it needs ')}"
                return Refused(str(candidate), need.reference, reason, need.evidence)
    clash = next((need for need in needs if _clashes(need, found)), None)
    if clash is not None:
        return Refused(str(candidate), clash.reference, _told(provider, clash), clash.evidence)
    named = [str(item) for item in found.values() if item.row and not item.on.startswith("__")]
    reason = f"it does not go together with {', '.join(named) or 'the rest that was asked for'}"
    return Refused(str(candidate), "framework-pin-conflict", reason, "")


def _fights(
    provider: StackProvider, candidate: Candidate, found: Mapping[str, Candidate]
) -> Iterator[tuple[Need, Candidate, Need]]:
    """Needs that exclude those of what stays; what the chosen one brought would go with it."""
    for need in provider.needs(candidate):
        for other in found.values():
            for against in provider.needs(other) if other.on != candidate.on else ():
                if need.on == against.on and exclude(need, against):
                    yield need, other, against


def _unmet(provider: StackProvider, needs: Sequence[Need]) -> Iterator[Need]:
    yield from (need for need in needs if is_unmet(provider, need))


def _clashes(need: Need, found: Mapping[str, Candidate]) -> bool:
    other = found.get(need.on)
    return other is not None and bool(other.version) and not need.met_by(other)


def _told(provider: StackProvider, need: Need) -> str:
    """The reason, with what the machine has where that decides."""
    facts = provider.facts
    if need.failed:
        return need.reason
    if need.on == DRIVER:
        return f"{need.reason}; {_drivers_told(provider)}"
    if need.on == GLIBC:
        return f"{need.reason}; this machine has {facts.glibc}"
    if need.on == PYTHON and facts.request.python:
        return f"{need.reason}; you asked for {facts.request.python}"
    bounds = [bound.reason for bound in provider.bounds if bound.on == need.on]
    return "; ".join([need.reason, *bounds])


def _drivers_told(provider: StackProvider) -> str:
    """The driver that there is, or those that could be."""
    driver = provider.facts.machine.driver
    source = provider.facts.machine.sources.get("driver", "")
    if driver and driver.version:
        return f"this machine has {driver.version}" + (f" (from {source})" if source else "")
    versions = ", ".join(choice.version for choice in provider.drivers[:3])
    if versions:
        return f"its GPUs and its system allow {versions}"
    return "no package of this system is a driver for these GPUs"


def everything(question: Question) -> Iterator[Refused]:
    """Every candidate of what was asked, with the fact that decided against it."""
    facts, wishes = question.facts, question.wishes
    seen: set[str] = set()
    for scenario in question.scenarios() or (Scenario(action="install", choices=()),):
        for along in question.routes:
            provider = StackProvider(facts, wishes, along, scenario.choices)
            for wish in wishes:
                for candidate in provider.candidates(wish.name):
                    if str(candidate) not in seen:
                        seen.add(str(candidate))
                        yield _refused(provider, candidate, {})
    for wish in wishes:
        if not any(name.startswith(f"{wish.name} ") for name in seen):
            reason = f"no build of {wish.text} for {facts.platform} is known"
            yield Refused(wish.text, "no-build-for-platform", reason, "")


def newest_of_each_reason(refused: Sequence[Refused]) -> tuple[Refused, ...]:
    """The newest candidate refused for each kind of reason."""
    first: dict[str, Refused] = {}
    for item in refused:
        first.setdefault(item.reference, item)
    return tuple(first.values())
