"""Environments for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import quote
from typing import TYPE_CHECKING

from provisioner.cli.display import Block
from provisioner.cli.plans import compiles_for, computes
from provisioner.environments import installed
from provisioner.environments.generations import PLAN
from provisioner.environments.record import Environment
from provisioner.plan import Plan
from provisioner.sizes import human

if TYPE_CHECKING:
    from provisioner.room import Need
    from provisioner.up import Intent

INDENT = " " * 15
"""Where the second column of what is about to be done begins."""
_NONE = "There is no environment. Make one: dlsetup up NAME REQ"


def environment_blocks(environment: Environment) -> list[Block]:
    """The block that describes one environment."""
    plan = environment.plan
    rows = [
        ("holds", ", ".join(installed.holds(environment))),
        ("besides", ", ".join(installed.besides(environment))),
        ("python", environment.python),
        computes(plan),
        ("place", environment.path),
        ("generation", str(environment.generation)),
        *(("note", note) for note in environment.notes),
        ("use it", f"dlsetup env run {environment.name} -- python"),
    ]
    return [Block(f"Environment {environment.name}", tuple(row for row in rows if row[1]))]


def closing_lines(environment: Environment, *, changed: bool) -> tuple[str, ...]:
    """What ``up`` says first: what works, and how to enter it."""
    name = environment.name
    if not changed:
        return (f"Nothing changed: {name} is already what was asked for.",)
    works = _works(environment.plan) or "what it holds can be imported"
    return (
        f"{name} is ready: {works}.",
        f"Enter it with: dlsetup env shell {name}",
        *_for_editors(environment),
        *kept_lines(environment),
    )


def _for_editors(environment: Environment) -> Iterator[str]:
    if environment.plan.nvcc is not None:
        plan = f"{environment.path}/{PLAN}"
        yield f"CMake presets and editors' settings: dlsetup render cmake {quote(plan)} -o ."


def kept_lines(environment: Environment) -> Iterator[str]:
    """That the generation of before is kept, and how to go back to it."""
    for number in environment.kept:
        if number != environment.generation:
            back = f"dlsetup env rollback {environment.name}"
            yield f"Generation {number} is kept. To go back: {back}"


def intent_lines(intent: Intent) -> Iterator[str]:
    """What ``up`` is about to do, on one screen."""
    plan = intent.plan
    if intent.need is None and intent.system is None:
        yield f"Nothing would change: {intent.name} is already what was asked for."
        return
    yield f"Environment {intent.name}"
    rows = [
        ("install", _held(plan)),
        ("besides", ", ".join(plan.request.companions) if plan.pins else ""),
        ("python", _python(plan)),
        ("computes on", _device(plan)),
        ("driver", _driver(plan)),
        ("download", _download(intent.need) if intent.need else ""),
        ("on disk", _disk(intent.need) if intent.need else ""),
        ("place", intent.path),
        ("replaces", _replaced(intent.replaces) if intent.replaces else ""),
    ]
    for title, text in rows:
        if text:
            yield f"  {title:<11}  {text}"


def _held(plan: Plan) -> str:
    pins = [f"{pin.name} {pin.version}" for pin in plan.pins]
    return ", ".join(pins or plan.request.companions)


def _replaced(environment: Environment) -> str:
    told = ", ".join((*installed.holds(environment), f"Python {environment.python}"))
    back = f"dlsetup env rollback {environment.name}"
    return f"generation {environment.generation}: {told} (kept: {back})"


def _python(plan: Plan) -> str:
    from provisioner.environments.interpreter import is_here

    return plan.python if is_here(plan) else f"{plan.python} (a build of uv's: none is here)"


def _device(plan: Plan) -> str:
    """What the plan computes on, in words."""
    if release := compiles_for(plan):
        return f"nothing: it compiles for the GPUs that CUDA {release} knows"
    if plan.accelerator == "cpu":
        return "the CPU"
    names = ", ".join(dict.fromkeys(gpu.name for gpu in plan.machine.gpus))
    kind = plan.accelerator.upper() + (f" {plan.cuda}" if plan.cuda else "")
    return f"{names} ({kind})" if names else kind


def _driver(plan: Plan) -> str:
    """What happens to NVIDIA's driver; nothing where none is needed."""
    return f"{plan.driver.current} stays" if plan.driver.action == "keep" else ""


def _download(need: Need) -> str:
    """How much is fetched, and how much of it need not be."""
    if need.fetched == 0:
        all_of_it = "the package" if need.packages == 1 else f"all {need.packages} packages"
        return f"nothing: uv's cache holds {all_of_it}"
    most = "up to " if need.fetched is None else ""
    fetched = need.packages if need.fetched is None else need.fetched
    least = "at least " if need.download_at_least else ""
    noun = "package" if fetched == 1 else "packages"
    told = f"{most}{fetched} {noun}, {least}{human(need.download_bytes)}"
    if rest := need.packages - fetched:
        told += f"; {rest} more {'is' if rest == 1 else 'are'} in uv's cache"
    return told


def _disk(need: Need) -> str:
    """What is put where; temporary files alone are not worth a word."""
    from provisioner.room import TEMPORARY

    least = "at least " if need.disk_at_least else ""
    told = []
    for place in need.places:
        if what := " and ".join(what for what in place.holds if what != TEMPORARY):
            room = f"{what}; {human(place.free_bytes)} free"
            told.append(f"{least}{human(place.needed_bytes)} in {place.path} ({room})")
    return ", ".join(told)


def _works(plan: Plan) -> str:
    """What was seen to compute, and on what."""
    actions = {command[0] for step in plan.steps for command in step.run}
    proved = [
        f"{pin.name} {pin.version}"
        for pin in plan.pins
        if f"verify_{pin.name.partition('-')[0]}" in actions and pin != plan.nvcc
    ]
    verb = "computes" if len(proved) == 1 else "compute"
    told = [f"{', '.join(proved)} {verb} on {_device(plan)}"] if proved else []
    if plan.nvcc is not None:
        what = ", ".join(plan.targets) or "GPUs of every major architecture"
        told.append(f"nvcc {plan.nvcc.version} makes programs for {what}")
    return ", ".join(told)


def list_lines(environments: Sequence[Environment], unfinished: Sequence[str]) -> Iterator[str]:
    """The lines of ``env list``: name, Python, what it computes on, its size, what it holds."""
    if environments:
        yield from _table(environments)
    elif not unfinished:
        yield _NONE
    yield from (f"{name}  ({how_to_finish(name)})" for name in unfinished)


def how_to_finish(name: str) -> str:
    """What can be done with an environment whose making was cut off."""
    return f"not finished: the same dlsetup up goes on; dlsetup env remove {name} drops it"


def _table(environments: Sequence[Environment]) -> Iterator[str]:
    rows = [
        (
            made.name,
            f"python {made.python}",
            made.plan.accelerator,
            human(made.size.bytes) if made.size else "",
            ", ".join(installed.holds(made)),
        )
        for made in environments
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(4)]
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row[:-1], widths, strict=True)]
        yield "  ".join([*cells, row[-1]]).rstrip()
