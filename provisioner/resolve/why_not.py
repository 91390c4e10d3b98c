"""Why something is not in a plan: one sentence, the facts in conflict, the change that gives it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from provisioner.catalog.rows import Build
from provisioner.errors import RefusedError
from provisioner.plan import Alternative, Pin, Plan, Refused
from provisioner.request import Wish
from provisioner.resolve.alternatives import gifts, ways_out
from provisioner.resolve.candidates import PYTHON, Candidate
from provisioner.resolve.conflict import Conflict, conflict, culprit
from provisioner.resolve.explain import deciding, everything, unknown_release
from provisioner.resolve.premises import Question
from provisioner.resolve.resolve import Solution, known_machine
from provisioner.resolve.wording import WIDTH, Fact, lines_of, listed, named, sentence
from provisioner.version import order, public

_LINES = 6
_MOST = 40


class WhyNot(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to ``--why-not``: one sentence, and the smallest set of facts it rests on."""

    requirement: str
    answer: str
    refused: tuple[Refused, ...] = ()
    facts: tuple[Fact, ...] = ()
    change: Alternative | None = None
    """What would give it, where anything would; else what is nearest to it."""

    def lines(self) -> tuple[str, ...]:
        """For people: the answer, the facts, the change; six lines at most."""
        last = (_with(self.change),) if self.change else ()
        return (self.answer, *lines_of(self.facts, _LINES - 1 - len(last)), *last)


def _with(change: Alternative) -> str:
    told = f"With: {change.change}: {change.gives}" if change.gives else f"{change.change}."
    return told if len(told) <= WIDTH else f"{told[: told.rfind(', ', 0, WIDTH)]}, …"


def why_not(question: Question, plan: Plan | None, wishes: Sequence[Wish], text: str) -> WhyNot:
    """Say why wishes are not what the plan holds; ``plan`` is None where there is none.

    ``question`` is what was asked, ``text`` what this is about as it was typed.
    """
    if len(wishes) == 1:
        wishes = (_as_asked(question, plan, wishes[0]),)
        text = wishes[0].text
    held = [pin for wish in wishes if (pin := _held(plan, wish)) is not None]
    if len(held) == len(wishes):
        told = listed(f"{pin.name} {pin.version}{_variant(pin)}" for pin in held)
        return WhyNot(requirement=text, answer=f"{text} is what the plan holds: {told}.")
    for wish in wishes:
        if (unknown := unknown_release(question.facts, wish)) is not None:
            return _of_refusal(text, unknown)
    try:
        known_machine(question.facts)
    except RefusedError as refusal:
        return _of_refusal(text, refusal)
    others = [one for one in question.wishes if one.name not in {wish.name for wish in wishes}]
    asked = question.for_wishes(*wishes, *others)
    if plan is not None and plan.driver.action == "keep":  # contract §2: it is kept first of all
        asked = asked.of_request(keep_driver=True)
    solution = asked.solve()
    if solution is not None:
        return _possible(text, wishes, asked, plan, solution)
    if plan is None and others and _stands_aside(question, wishes, others):
        return _impossible(text, question.for_wishes(*others), culprit(question), wishes)
    return _impossible(text, asked, culprit(asked), wishes)


def for_python(question: Question, plan: Plan | None, wish: Wish) -> WhyNot:
    """The same about the interpreter, which is chosen too."""
    if plan is not None and wish.admits(plan.python):
        answer = f"{wish.text} is what the plan holds: Python {plan.python}."
        return WhyNot(requirement=wish.text, answer=answer)
    exact = wish.specifier.removeprefix("==")
    pinned = exact if re.fullmatch(r"\d+\.\d+", exact) else None
    wanted = None if pinned else wish.specifier or None
    asked = question.of_request(python=pinned, requires_python=wanted)
    if plan is not None and plan.driver.action == "keep":
        asked = asked.of_request(keep_driver=True)
    solution = asked.solve()
    if solution is None or PYTHON not in solution.found:
        about = culprit(asked)
        told = _impossible(about.text, asked, about, (about,))
        return msgspec.structs.replace(told, requirement=wish.text)
    version = solution.found[PYTHON].version
    now = f"; the plan takes {plan.python}" if plan else ""
    gives = gifts([one.name for one in question.wishes], solution)
    return WhyNot(
        requirement=wish.text,
        answer=f"{wish.text} can be had{now}.",
        facts=(_asked_for(wish.text),),
        change=Alternative(f"--python {version}", gives),
    )


def left_to_the_installer(question: Question, text: str, name: str) -> WhyNot:
    """The answer for a package that the catalog holds no builds of."""
    beside = " ".join(f"'{one.text}'" for one in question.wishes)
    asked = text in question.facts.request.companions
    given = "it is handed to the installer as it stands"
    return WhyNot(
        requirement=text,
        answer=f"{text} is not chosen by dlsetup: the installer decides.",
        facts=(
            _asked_for(text),
            Fact("row", f"the catalog has no builds of {name}", ""),
        ),
        change=None if asked else Alternative(f"dlsetup resolve {beside} '{text}'", given),
    )


def about_the_driver(question: Question, plan: Plan | None, text: str) -> WhyNot:
    """The answer for the driver, which is no package to ask for."""
    driver = question.facts.machine.driver
    told = f"driver {driver.version}" if driver and driver.version else "no driver that is known"
    source = question.facts.machine.sources.get("driver", "assumed")
    ways = plan.alternatives if plan else ()
    return WhyNot(
        requirement=text,
        answer="The driver is not asked for: it follows from the packages; a working one stays.",
        facts=(_asked_for(text), Fact("machine", told, source)),
        change=next(iter(ways), Alternative("--driver V", "the plan for a machine with driver V")),
    )


def _as_asked(question: Question, plan: Plan | None, wish: Wish) -> Wish:
    """A bare name means what was asked for under that name, where that was refused."""
    if plan is not None or wish.specifier:
        return wish
    return next((one for one in question.wishes if one.name == wish.name), wish)


def _held(plan: Plan | None, wish: Wish) -> Pin | None:
    for pin in plan.pins if plan else ():
        variant = f"+{pin.variant}" if "+" in wish.specifier and "+" not in pin.version else ""
        mine = pin.name == wish.name
        if mine and wish.admits(f"{pin.version}{variant}"):
            return pin
        carried = {"cuda": pin.cuda, "cudnn": pin.cudnn}.get(wish.name)
        if carried and wish.admits(carried):
            return msgspec.structs.replace(pin, name=f"{wish.name} {carried} by {pin.name}")
    return None


def _variant(pin: Pin) -> str:
    return f" ({pin.variant})"


def _stands_aside(question: Question, wishes: Sequence[Wish], others: Sequence[Wish]) -> bool:
    """Whether the rest of the request cannot be had either, and this by itself can."""
    rest = question.for_wishes(*others).solve()
    return rest is None and question.for_wishes(*wishes).solve() is not None


def _of_refusal(text: str, refusal: RefusedError) -> WhyNot:
    """What was refused before anything was looked for."""
    refused = refusal.data.get("refused", ())
    hint = refusal.hint.split("; ")[-1].rstrip(".")
    told, _, command = hint.partition(": ")
    change = Alternative(command, "what was published since") if command else Alternative(told, "")
    return WhyNot(
        requirement=text,
        answer=refusal.message,
        facts=(_asked_for(text), *(Fact("row", line, "") for line in refusal.context)),
        refused=msgspec.convert(refused, tuple[Refused, ...]),
        change=change if hint else None,
    )


def _impossible(text: str, question: Question, about: Wish, wishes: Sequence[Wish]) -> WhyNot:
    told = conflict(question, about)
    mine = any(about.name == wish.name for wish in wishes) or _involves(told, wishes)
    words = about.text if len(wishes) > 1 or not mine else text
    answer = sentence(told, words)
    if not mine:
        answer = f"{text} is not in the way: {answer[:1].lower()}{answer[1:]}"
    return WhyNot(
        requirement=text,
        answer=answer,
        refused=tuple(everything(question.for_wishes(about)))[:_MOST],
        facts=deciding(told, about),
        change=next(ways_out(told), None),
    )


def _involves(told: Conflict, wishes: Sequence[Wish]) -> bool:
    names = {wish.name for wish in wishes}
    return any(
        item.premise.kind == "wish" and item.premise.wish and item.premise.wish.name in names
        for item in told.obstacles
    )


def _asked_for(text: str) -> Fact:
    return Fact("wish", f"you asked for {text}", "request")


def _possible(
    text: str, wishes: Sequence[Wish], asked: Question, plan: Plan | None, solution: Solution
) -> WhyNot:
    """It can be had: why the plan prefers something else, and what it would cost."""
    items = [solution.found[wish.name] for wish in wishes if wish.name in solution.found]
    names = [wish.name for wish in asked.wishes]
    rows = [Fact("row", f"{named(item)}{_needs(item)}", _evidence(item)) for item in items]
    return WhyNot(
        requirement=text,
        answer=_preferred(text, wishes, items, plan, solution),
        facts=(_asked_for(text), *rows, *_prices(plan, wishes, solution)),
        refused=tuple(_refused_of(plan, wishes)),
        change=Alternative(f"ask for {text}", gifts(names, solution)),
    )


def _preferred(
    text: str,
    wishes: Sequence[Wish],
    items: Sequence[Candidate],
    plan: Plan | None,
    solution: Solution,
) -> str:
    """Why the plan holds something else, though this too would run."""
    if plan is None:
        return f"{text} can be had; what was asked for cannot."
    pins = {pin.name: pin for pin in plan.pins}
    for item in items:
        pin = pins.get(item.row.framework if isinstance(item.row, Build) else item.on)
        if pin is None:
            continue
        taken = f"{text} can be had; the plan takes {pin.name} {pin.version}{_variant(pin)}"
        left, right = order(public(item.version)), order(public(pin.version))
        if left < right:
            return f"{taken}, which is newer."
        if left == right:
            return f"{taken}{_nicer(pin, item)}."
        if _prices(plan, wishes, solution):
            return f"{taken}, beside which what was named first is newer."
        return f"{taken}, by {plan.via}, which goes first."
    return f"{text} can be had: you did not ask for it."


def _nicer(pin: Pin, item: Candidate) -> str:
    """Why of two builds of one version this one was taken (contract §2)."""
    if pin.evidence == "measured" and item.row.kind == "announced":
        return ", which was measured, not announced"
    if all(serve.kind == "sass" for serve in pin.serves) and any(
        serve.kind == "ptx" for serve in item.serves
    ):
        return ", which has machine code for every GPU"
    return ", the first in the order of preference"


def _needs(item: Candidate) -> str:
    cuda = getattr(item.row, "cuda", None)
    return f": CUDA {cuda}" if isinstance(item.row, Build) and cuda else ""


def _evidence(item: Candidate) -> str:
    return str(getattr(item.row, "evidence", ""))


def _prices(plan: Plan | None, wishes: Sequence[Wish], solution: Solution) -> tuple[Fact, ...]:
    """What else of the plan would be an older version."""
    told = []
    names = {wish.name for wish in wishes}
    for pin in plan.pins if plan else ():
        other = solution.found.get(pin.name) if pin.name not in names else None
        if other is not None and other.on in solution.provider.rank and other.version:
            before, after = order(public(pin.version)), order(public(other.version))
            if after < before:
                text = f"{pin.name} would go from {pin.version} to {other.version} with it"
                told.append(Fact("row", text, ""))
    return tuple(told)


def _refused_of(plan: Plan | None, wishes: Sequence[Wish]) -> Iterator[Refused]:
    """What the plan itself says against the versions that a wish admits."""
    for item in plan.refused if plan else ():
        name, _, version = item.candidate.partition(" ")
        for wish in wishes:
            if name == wish.name and wish.admits(version.partition("+")[0]):
                yield item
