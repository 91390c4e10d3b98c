"""A conflict in words: one sentence, then the wish, the rows and the machine's values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from provisioner.catalog.rows import Build
from provisioner.machine import Gpu, Machine
from provisioner.request import parse_wish
from provisioner.resolve.builds import is_asked
from provisioner.resolve.candidates import DRIVER, GPU, Candidate, Need
from provisioner.resolve.conflict import Conflict, Obstacle
from provisioner.resolve.drivers import driven_by
from provisioner.resolve.nearest import blocked, clash, refused_beside
from provisioner.resolve.premises import ASSUMED, Premise, Question
from provisioner.version import at_least, numbers

WIDTH = 98
"""Columns that a line of an answer takes, where it can be helped."""
_LEAST_PROOF = 10
_TARGETS = 8
"""More architectures than this are not read by anybody; JSON has them all."""


class Fact(msgspec.Struct, frozen=True):
    """One fact of an answer: ``kind`` is ``wish``, ``row`` (of the catalog) or ``machine``."""

    kind: str
    text: str
    source: str
    """A row's evidence; for a value of the machine ``nvml``, ``option``, ``assumed`` and so on."""


def named(candidate: Candidate) -> str:
    """A candidate as people read it: ``torch 2.14.1 (cu126)``."""
    variant = f" ({candidate.variant})" if isinstance(candidate.row, Build) else ""
    return f"{candidate.on} {candidate.version}{variant}"


def listed(words: Iterable[str]) -> str:
    """``a, b and c``, each once; nothing of none."""
    *most, last = [*dict.fromkeys(words)] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def sentence(told: Conflict, asked: str) -> str:
    """The answer in one sentence."""
    obstacles = told.obstacles
    gpus = [item.premise for item in obstacles if item.premise.name == "gpu"]
    wishes = [item.premise for item in obstacles if item.premise.name == "wish"]
    if not obstacles:
        if is_idle(told):
            return _leaves_idle(told, asked)
        return f"Nothing that the catalog knows allows {asked}."
    if wishes:
        return _together(asked, wishes)
    if len(gpus) == len(obstacles) > 1:
        return f"No driver drives {listed(gpu.text for gpu in gpus)} at once."
    if len(obstacles) > 1:
        return f"No build of {asked} fits {listed(_at_once(told))} at once."
    return _single(told, obstacles[0], asked)


def _leaves_idle(told: Conflict, asked: str) -> str:
    """Of what has GPU code that nothing vouches for, it is not said that it is for the CPU."""
    facts = told.question.facts
    wish = parse_wish(asked)
    rows = [row for row in facts.builds(wish.name) if is_asked(wish, row)]
    if not any(row.cuda or row.unknown for row in rows):
        return f"{asked} is for the CPU only and would leave the GPU idle."
    gpus = listed(item.text for item in told.everything if item.gpu)
    return f"No build of {asked} is known to compute on {gpus}."


def _at_once(told: Conflict) -> Iterator[str]:
    """Premises that exclude each other; beside a driver the system counts for what it offers."""
    for item in told.obstacles:
        offering = item.premise.name == "platform" and "driver" in told.names
        yield _system(told.question) if offering else item.premise.text


def is_idle(told: Conflict) -> bool:
    """Whether the one thing against it is that there is a GPU, which it would not use."""
    machine = told.question.facts.machine
    return bool(machine.gpus) and told.question.of_machine(gpus=()).solve() is not None


def _together(asked: str, wishes: Sequence[Premise]) -> str:
    """Wishes that exclude each other; a component is what a framework comes with."""
    names = [asked, *(premise.text for premise in wishes)]
    parts = [name for name in names if parse_wish(name).is_component]
    wholes = [name for name in names if name not in parts]
    if len(parts) == len(wholes) == 1:
        return f"No build of {wholes[0]} goes with {parts[0]}."
    return f"{listed(names)} cannot share one environment."


def _single(told: Conflict, obstacle: Obstacle, asked: str) -> str:
    question, premise = told.question, obstacle.premise
    if premise.name == "driver":
        return f"{asked} {_driver_words(told, obstacle)}."
    if premise.name == "via":
        return f"The catalog knows no build of {asked} for {premise.text} here."
    if premise.name == "gpu":
        served = "is for" if parse_wish(asked).is_component else "runs on"
        return f"No build of {asked} {served} {premise.text}."
    if premise.name == "cpu":
        return f"No build of {asked} runs on this CPU."
    return f"No build of {asked}{_with_cuda(question, premise)} is for {premise.text}."


def _with_cuda(question: Question, premise: Premise) -> str:
    """On a machine with a GPU only builds with CUDA count: there may be one for the CPU."""
    return " with CUDA" if premise.name == "platform" and question.facts.machine.gpus else ""


def _driver_words(told: Conflict, obstacle: Obstacle) -> str:
    question = told.question
    found = blocked(question, obstacle, told.about)
    floor = found[1].floor if found and found[1] else None
    driver = question.facts.machine.driver
    if driver is None or driver.version is None:
        needed = f"driver {floor} or later" if floor else "a driver"
        if question.facts.request.keep_driver:
            return f"needs {needed}, and none may be installed"
        return f"needs {needed}, and no package of {_system(question)} has it"
    if floor and not at_least(driver.version, floor):
        return f"needs a newer driver than {driver.version}"
    return f"does not run on driver {driver.version}"


def _system(question: Question) -> str:
    return question.facts.machine.os_name


def facts_of(told: Conflict, asked: Sequence[str]) -> tuple[Fact, ...]:
    """The facts in conflict: what was asked for, what the rows say, what the machine has."""
    wishes = [item.premise for item in told.obstacles if item.premise.kind == "wish"]
    texts = [*asked, *(premise.text for premise in wishes)]
    return (
        Fact("wish", f"you asked for {listed(texts)}", "request"),
        *_rows(told),
        *(machine_fact(told.question, item.premise) for item in _of_machine(told)),
    )


def _of_machine(told: Conflict) -> Iterator[Obstacle]:
    yield from (item for item in told.obstacles if item.premise.kind == "machine")


def _rows(told: Conflict) -> Iterator[Fact]:
    """What the catalog says of the nearest build under each obstacle, nothing twice."""
    rows: dict[str, Fact] = {}
    for obstacle in told.obstacles:
        for fact in _rows_under(told, obstacle):
            rows.setdefault(fact.text, fact)
    yield from rows.values()


def _rows_under(told: Conflict, obstacle: Obstacle) -> Iterator[Fact]:
    question, premise = told.question, obstacle.premise
    if premise.name == "wish":
        yield from _clashing(told, obstacle)
        return
    no_driver = premise.gpu is not None and len(told.obstacles) > 1 and not question.scenarios()
    found = None if no_driver else blocked(question, obstacle, told.about)
    if found is not None:
        candidate, need = found
        yield _row(question, premise, candidate, need)
    elif premise.gpu is not None:
        yield Fact("row", *driven_by(question.facts, premise.gpu))


def _row(question: Question, premise: Premise, candidate: Candidate, need: Need | None) -> Fact:
    name = named(candidate)
    if need is None:
        row = candidate.row
        told = (
            f"is known{_with_cuda(question, premise)} for {row.platform}, not for {premise.text}"
            if premise.name == "platform"
            else f"comes by {row.via}"
        )
        return Fact("row", f"{name} {told}", row.evidence)
    return Fact("row", f"{name}: {_reason(candidate, need, premise.gpu)}", need.evidence)


def _reason(candidate: Candidate, need: Need, gpu: Gpu | None) -> str:
    """A need in words that leave the machine's part to the machine's line."""
    row = candidate.row
    targets = [*getattr(row, "sass", ()), *getattr(row, "ptx", ())]
    targets = targets or list(getattr(row, "architectures", ()))
    unserved = need.reference in {"gpu-too-old", "gpu-too-new", "gpu-unsupported"}
    if need.on == GPU and unserved and targets:
        verb = "makes" if candidate.on in {"nvcc", "cuda"} else "holds"
        return f"{verb} code for {shortened(targets)} only"
    if need.on == DRIVER and need.floor is None:
        return need.reason
    return _bare(need).removeprefix(f"{gpu.name}: " if gpu else "")


def shortened(targets: Sequence[str]) -> str:
    """A list of architectures; of a long one the plain targets, then its two ends."""
    plain = [target for target in targets if not target.endswith(("a", "f"))]
    shown = list(targets) if len(targets) <= _TARGETS else plain
    if len(shown) <= _TARGETS:
        return " ".join(shown)
    return f"{' '.join(shown[:3])} … {' '.join(shown[-2:])} ({len(targets)} targets)"


def _clashing(told: Conflict, obstacle: Obstacle) -> Iterator[Fact]:
    """The needs of the nearest builds of two wishes that exclude each other."""
    wish = obstacle.premise.wish
    alone = told.question.for_wishes(wish).solve() if wish else None
    both = [found for found in (alone, obstacle.without) if found is not None]
    for solution in both:
        found = refused_beside(told.question, solution)
        if found is not None:
            yield Fact("row", f"{named(found[0])}: {_bare(found[1])}", found[1].evidence)
            return
    pairs = clash(told.question, *both) if len(both) > 1 else ()
    for item, need in pairs:
        yield Fact("row", f"{named(item)}: {_bare(need)}", need.evidence)
    if not pairs:
        yield Fact("row", f"no build goes together with one of {obstacle.premise.text}", "")


def _bare(need: Need) -> str:
    told = need.reason.partition("; this machine has")[0].removeprefix("it ")
    return told.replace("is built for", "built for")


def machine_fact(question: Question, premise: Premise) -> Fact:
    """A value of the machine, where it is from, and why a driver is not simply changed."""
    machine = question.facts.machine
    system = f"{machine.os_name}{_of_its_own(machine)} {machine.arch}"
    text = system if premise.name == "platform" else premise.text
    return Fact("machine", text + _kept(question, premise), premise.source)


def _of_its_own(machine: Machine) -> str:
    """Where the system is known from, if not from where the processor is."""
    system, arch = (machine.sources.get(fact, ASSUMED) for fact in ("os", "arch"))
    return f" [{system}]" if system != arch else ""


def _kept(question: Question, premise: Premise) -> str:
    """What keeps a driver as it is."""
    facts = question.facts
    driver = facts.machine.driver
    if premise.name != "driver" or driver is None or driver.version is None:
        return ""
    if facts.has_windows_driver:
        return ", which is Windows' own"
    if facts.request.keep_driver:
        return ", which is kept"
    offered = [choice.version for scenario in question.scenarios() for choice in scenario.choices]
    newest = max(offered, key=numbers, default="")
    return f"; {_system(question)} offers up to {newest}" if len(offered) > 1 else ""


def lines_of(facts: Sequence[Fact], most: int) -> tuple[str, ...]:
    """Facts for people, in that many lines at most: the values of the machine share one."""
    wishes = [fact.text for fact in facts if fact.kind == "wish"]
    machine = [f"{fact.text} [{fact.source}]" for fact in facts if fact.kind == "machine"]
    told = [f"this machine: {', '.join(machine)}"] if machine else []
    rows = [fact for fact in facts if fact.kind == "row"]
    left = most - len(wishes) - len(told)
    if len(rows) > left:  # the last line takes what has no line of its own
        rest = "; ".join(fact.text for fact in rows[left - 1 :])
        rows = [*rows[: left - 1], Fact("row", rest, "")]
    return (*wishes, *map(_with_evidence, rows), *told)


def _fitted(text: str) -> str:
    """A long text without its last clauses, or cut; JSON has all of it."""
    for mark in ("; ", ": "):
        while len(text) > WIDTH and (end := text.rfind(mark)) > WIDTH // 2:
            text = text[:end]
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1].rstrip()}…"


def _with_evidence(fact: Fact) -> str:
    """A row with the beginning of its evidence, as far as the line goes."""
    proof = fact.source.partition(";")[0].removeprefix("floor:").strip()
    text = _fitted(fact.text)
    room = WIDTH - len(text) - len(" []")
    if not proof or room < _LEAST_PROOF:
        return text
    return f"{text} [{proof if len(proof) <= room else proof[: room - 1].rstrip() + '…'}]"
