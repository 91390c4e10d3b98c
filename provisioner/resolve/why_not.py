"""Why something is not in a plan: one sentence, the facts in conflict, the change that gives it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from provisioner.errors import RefusedError
from provisioner.plan import Alternative, Pin, Plan, Refused
from provisioner.request import Wish
from provisioner.resolve.alternatives import gifts, ways_out
from provisioner.resolve.candidates import PYTHON
from provisioner.resolve.conflict import Conflict, conflict, culprit
from provisioner.resolve.explanation import WhyNot, asked_for
from provisioner.resolve.preferred import possible, variant_of
from provisioner.resolve.premises import Question
from provisioner.resolve.refusals import deciding, everything, unknown_release
from provisioner.resolve.resolve import known_machine
from provisioner.resolve.wording import Fact, listed, sentence

_MOST = 40


def why_not(question: Question, plan: Plan | None, wishes: Sequence[Wish], text: str) -> WhyNot:
    """Say why wishes are not what the plan holds; ``plan`` is None where there is none.

    ``question`` is what was asked, ``text`` what this is about as it was typed.
    """
    if len(wishes) == 1:
        wishes = (_as_asked(question, plan, wishes[0]),)
        text = wishes[0].text
    held = [pin for wish in wishes if (pin := _held(plan, wish)) is not None]
    if len(held) == len(wishes):
        told = listed(f"{pin.name} {pin.version}{variant_of(pin)}" for pin in held)
        return WhyNot(requirement=text, answer=f"{text} is what the plan holds: {told}.")
    for wish in wishes:
        if (unknown := unknown_release(question.facts, wish)) is not None:
            return _of_refusal(text, unknown)
    if (refusal := _unknown_machine(question)) is not None:
        return _of_refusal(text, refusal)
    others = [one for one in question.wishes if one.name not in {wish.name for wish in wishes}]
    asked = question.for_wishes(*wishes, *others)
    if plan is not None and plan.driver.action == "keep":  # contract §2: it is kept first of all
        asked = asked.of_request(keep_driver=True)
    solution = asked.solve()
    if solution is not None:
        return possible(text, wishes, asked, plan, solution)
    if plan is None and others and _stands_aside(question, wishes, others):
        rest = question.for_wishes(*others)
        return _impossible(text, rest, culprit(rest), wishes)
    return _impossible(text, asked, culprit(asked), wishes)


def for_python(question: Question, plan: Plan | None, wish: Wish) -> WhyNot:
    """The same about the interpreter, which is chosen too."""
    if plan is not None and wish.admits(plan.python):
        answer = f"{wish.text} is what the plan holds: Python {plan.python}."
        return WhyNot(requirement=wish.text, answer=answer)
    if (refusal := _unknown_machine(question)) is not None:
        return _of_refusal(wish.text, refusal)
    exact = wish.specifier.removeprefix("==")
    pinned = exact if re.fullmatch(r"\d+\.\d+", exact) else None
    wanted = None if pinned else wish.specifier or None
    asked = question.of_request(python=pinned, requires_python=wanted)
    if plan is not None and plan.driver.action == "keep":
        asked = asked.of_request(keep_driver=True)
    solution = asked.solve()
    if solution is None and asked.wishes:
        about = culprit(asked)
        told = _impossible(about.text, asked, about, (about,))
        return msgspec.structs.replace(told, requirement=wish.text)
    chosen = solution.found.get(PYTHON) if solution else None
    version = chosen.version if chosen else next(iter(asked.facts.python_order), exact)
    now = f"; the plan takes {plan.python}" if plan else ""
    gives = gifts([one.name for one in question.wishes], solution) if solution else ""
    return WhyNot(
        requirement=wish.text,
        answer=f"{wish.text} can be had{now}.",
        facts=(asked_for(wish.text),),
        change=Alternative(f"use --python {version}", gives),
    )


def left_to_the_installer(question: Question, text: str, name: str) -> WhyNot:
    """The answer for a package that the catalog holds no builds of."""
    if name.startswith("nvidia-") and question.facts.machine.gpus:  # it binds builds (contract §1)
        bound = question.of_request(companions=(*question.facts.request.companions, text))
        if bound.wishes and bound.solve() is None:
            about = culprit(bound)
            told = _impossible(about.text, bound, about, (about,))
            return msgspec.structs.replace(told, requirement=text)
    asked = text in question.facts.request.companions
    given = "it is handed to the installer as it stands"
    return WhyNot(
        requirement=text,
        answer=f"{text} is not chosen by dlsetup: the installer decides.",
        facts=(
            asked_for(text),
            Fact("row", f"the catalog has no builds of {name}", ""),
        ),
        change=None if asked else Alternative(f"ask for {text} too", given),
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
        facts=(asked_for(text), Fact("machine", told, source)),
        change=next(iter(ways), Alternative("--driver V", "the plan for a machine with driver V")),
    )


def _unknown_machine(question: Question) -> RefusedError | None:
    """What was refused before anything was looked for."""
    try:
        known_machine(question.facts)
    except RefusedError as refusal:
        return refusal
    return None


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


def _stands_aside(question: Question, wishes: Sequence[Wish], others: Sequence[Wish]) -> bool:
    """Whether the rest of the request cannot be had either, and this by itself can."""
    rest = question.for_wishes(*others).solve()
    return rest is None and question.for_wishes(*wishes).solve() is not None


def _of_refusal(text: str, refusal: RefusedError) -> WhyNot:
    refused = refusal.data.get("refused", ())
    hint = refusal.hint.split("; ")[-1].rstrip(".")
    told, _, command = hint.partition(": ")
    change = Alternative(command, "what was published since") if command else Alternative(told, "")
    return WhyNot(
        requirement=text,
        answer=refusal.message,
        facts=(asked_for(text), *(Fact("row", line, "") for line in refusal.context)),
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
