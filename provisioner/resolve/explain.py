"""Why not the rest: refusals in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from provisioner.catalog import newer
from provisioner.errors import RefusedError
from provisioner.plan import Refused
from provisioner.request import Wish
from provisioner.resolve.accelerators import called
from provisioner.resolve.alternatives import ways_out
from provisioner.resolve.candidates import DRIVER, GLIBC, PYTHON, Candidate, Need
from provisioner.resolve.drivers import Scenario, scenarios
from provisioner.resolve.facts import Facts
from provisioner.resolve.provider import StackProvider
from provisioner.version import order

if TYPE_CHECKING:
    from provisioner.resolve.alternatives import Search
    from provisioner.resolve.resolve import Routes

_MOST = 40


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


def refusal(facts: Facts, wishes: Sequence[Wish], routes: Routes, search: Search) -> RefusedError:
    """The error for a request that nothing satisfies, with what would help."""
    refused = tuple(_everything(facts, wishes, routes))
    helps = tuple(ways_out(facts, wishes, routes, search))
    names = " with ".join(wish.text for wish in wishes)
    context = [f"you asked for {names}", *_machine_lines(facts)]
    context += _decisive(refused)
    hints = [f"{way.change}: gives {way.gives}" for way in helps]
    return RefusedError(
        "no-compatible-stack",
        f"{names} cannot be set up on this machine.",
        context=tuple(context),
        hint="; ".join(hints) or "Ask for another version or name another machine.",
        data={"refused": refused[:_MOST], "alternatives": helps},
    )


def unknown_release(facts: Facts, wish: Wish, versions: Sequence[str]) -> RefusedError:
    """The error for versions that the catalog has never seen."""
    newest = max(versions, key=order)
    reason = f"unknown: the catalog knows no release of {wish.name} within {wish.specifier}"
    return RefusedError(
        "no-compatible-stack",
        f"{wish.text} is unknown: the catalog knows no such release.",
        context=(f"newest {wish.name} it knows: {newest} (looked at {facts.catalog.checked})",),
        hint=f"Ask for a version it knows; {newer.releases(facts.catalog, wish.name)}",
        data={
            "refused": (Refused(wish.text, "unknown-release", reason, ""),),
            "alternatives": (),
        },
    )


def _refused(
    provider: StackProvider, candidate: Candidate, found: Mapping[str, Candidate]
) -> Refused:
    """Why a candidate was not taken: by itself, or beside what was."""
    needs = provider.needs(candidate)
    unmet = next(_unmet(provider, needs), None)
    if unmet is not None:
        return Refused(str(candidate), unmet.reference, _told(provider, unmet), unmet.evidence)
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


def _unmet(provider: StackProvider, needs: Sequence[Need]) -> Iterator[Need]:
    """Needs that no candidate for their name can meet, whatever else is chosen."""
    for need in needs:
        pool = provider.candidates(need.on)
        known = pool or need.on == DRIVER
        bounds = [bound for bound in provider.bounds if bound.on == need.on]
        left = [item for item in pool if all(bound.met_by(item) for bound in bounds)]
        if need.failed or (known and not any(need.met_by(item) for item in left)):
            yield need


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


def _everything(facts: Facts, wishes: Sequence[Wish], routes: Routes) -> Iterator[Refused]:
    """Every candidate of what was asked, with the fact that decided against it."""
    seen: set[str] = set()
    for scenario in scenarios(facts) or (Scenario(action="install", choices=()),):
        for along in routes:
            provider = StackProvider(facts, wishes, along, scenario.choices)
            for wish in wishes:
                for candidate in provider.candidates(wish.name):
                    if str(candidate) not in seen:
                        seen.add(str(candidate))
                        yield _refused(provider, candidate, {})
    for wish in wishes:
        if not any(name.startswith(f"{wish.name} ") for name in seen):
            reason = f"no build of {wish.text} for {facts.platform} comes along these routes"
            yield Refused(wish.text, "no-build-for-platform", reason, "")


def _machine_lines(facts: Facts) -> list[str]:
    machine = facts.machine
    named = [f"{gpu.name} ({gpu.compute_capability})" for gpu in facts.gpus]
    named += [called(gpu) for gpu in facts.devices]
    gpus = ", ".join(named) or "no GPU"
    driver = machine.driver.version if machine.driver else None
    source = machine.sources.get("driver")
    told = f"driver {driver}" if driver else ("no driver" if source else "driver not known")
    if source and driver:
        told += f" (from {source})"
    driver_told = "" if facts.devices else f"{told}, "
    return [f"this machine has {gpus}, {driver_told}{machine.os_name} {machine.arch}"]


def _decisive(refused: Sequence[Refused]) -> list[str]:
    """The newest candidate refused for each kind of reason."""
    first: dict[str, Refused] = {}
    for item in refused:
        first.setdefault(item.reference, item)
    return [f"{item.candidate}: {item.reason}" for item in list(first.values())[:4]]
