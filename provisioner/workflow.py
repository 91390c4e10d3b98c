"""The conductor: from what was typed to Machine, Plan and rendered text.

Each function takes values and returns values; nothing here prints.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from provisioner import resources
from provisioner.catalog.load import Catalog
from provisioner.catalog.overlay import read_overlay
from provisioner.errors import DlsetupError, RefusedError, UsageError
from provisioner.machine import Gpu, Machine
from provisioner.plan import Plan, Request, Warning

if TYPE_CHECKING:
    from provisioner.catalog.check import Look
    from provisioner.catalog.problems import Problem
    from provisioner.catalog.words import Reference
    from provisioner.describe import Options
    from provisioner.lookup import Answer
    from provisioner.render import RenderedFile
    from provisioner.request import Wish
    from provisioner.resolve.candidates import Exclusion
    from provisioner.resolve.explanation import WhyNot
    from provisioner.resolve.search import Routes


_OF_CONTAINERS = {"docker-daemon-unreachable"}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was typed about a plan."""

    words: tuple[str, ...]
    options: Options
    profile: str | None = None
    python: str | None = None
    requires_python: str | None = None
    via: str | None = None
    keep_driver: bool = False
    pre: bool = False
    warnings: tuple[Warning, ...] = ()
    """What of it was left out while reading."""


class Given(msgspec.Struct, frozen=True):
    """What a plan is made from: a machine, and what is asked for it."""

    machine: Machine
    request: Request
    wishes: tuple[Wish, ...]
    warnings: tuple[Warning, ...] = ()
    """What had to be assumed about both."""


@cache
def catalog() -> Catalog:
    """Return the catalog that ships with dlsetup, under the user's overlay where there is one."""
    return Catalog(resources.stacks(), read_overlay(resources.overlay()))


def this_machine() -> tuple[Machine, tuple[Warning, ...]]:
    """Look at the machine dlsetup runs on; what a probe could not see becomes a warning."""
    from provisioner.detect import detect

    report = detect(gpu_by_pci_id=_gpu_by_pci_id, gpu_by_name=_gpu_by_name)
    return report.machine, report.warnings


def machine_of(options: Options) -> tuple[Machine, tuple[Warning, ...]]:
    """Return the machine that is meant."""
    from provisioner.describe import described

    return described(options, catalog(), this_machine)


def about_environments(warnings: Iterable[Warning]) -> tuple[Warning, ...]:
    """Return what of a machine's warnings says something of an environment that is no image."""
    return tuple(one for one in warnings if one.reference not in _OF_CONTAINERS)


def plan_for(asked: Asked, *, format_name: str | None = None) -> Plan:
    """Resolve a request; with a format, look for the best plan that the format can carry.

    Raises DlsetupError; a refusal carries machine and request in its ``data``.
    """
    return planned(given(asked), format_name=format_name, carries=routes_of(format_name))


def given(asked: Asked) -> Given:
    """Look at the machine and read the request. Raises UsageError."""
    from provisioner.request import host_parts, named_profiles, split

    profiles = _profiles(asked)
    host, words = host_parts(asked.words)
    wishes: tuple[Wish, ...] = ()
    companions: tuple[str, ...] = ()
    if words or asked.profile or not host:
        wishes, companions = split(
            words,
            frameworks=catalog().frameworks,
            profiles=profiles,
            profile=asked.profile,
            pre=asked.pre,
        )
    machine, warnings = machine_of(asked.options)
    if asked.via != "container":
        warnings = about_environments(warnings)
    request = Request(
        requirements=tuple(wish.text for wish in wishes),
        companions=companions,
        host=host,
        profiles=named_profiles(asked.words, profiles, asked.profile),
        python=python_of(asked.python),
        requires_python=_python_range(asked.requires_python),
        via=asked.via,
        keep_driver=asked.keep_driver,
        pre=asked.pre,
    )
    return Given(machine, request, wishes, (*asked.warnings, *warnings, *_near_names(companions)))


def planned(
    given: Given,
    *,
    format_name: str | None = None,
    carries: Routes | None = None,
    exclusions: tuple[Exclusion, ...] = (),
) -> Plan:
    """Plan along the routes that a format can carry, without what is ruled out.

    Raises DlsetupError as ``plan_for`` does.
    """
    from provisioner.resolve import question_of, resolve

    machine, request, wishes = given.machine, given.request, given.wishes
    try:
        try:
            question = question_of(
                machine, request, wishes, catalog(), carries=carries, exclusions=exclusions
            )
            plan = resolve(question)
        except RefusedError as refusal:
            if carries is None or refusal.reference != "no-compatible-stack":
                raise
            other = question_of(machine, request, wishes, catalog(), exclusions=exclusions)
            _name_other_formats(format_name or "", resolve(other))
            raise
    except DlsetupError as error:
        told: dict[str, object] = {"machine": machine, "request": request}
        if isinstance(error, RefusedError):
            told |= {"refused": (), "alternatives": ()}
        error.data = {**told, **error.data}
        raise
    return _with_steps(msgspec.structs.replace(plan, warnings=(*given.warnings, *plan.warnings)))


def why_not(answer: Plan | RefusedError, requirement: str) -> WhyNot:
    """Say why a requirement is not what the plan holds, or why there is no plan with it.

    ``answer`` is what ``plan_for`` returned or raised. Raises UsageError ``bad-requirement``.
    """
    from provisioner.request import parse_wish, split
    from provisioner.resolve import question_of, why_not

    plan = answer if isinstance(answer, Plan) else None
    if isinstance(answer, Plan):
        machine, request = answer.machine, answer.request
    else:
        machine = msgspec.convert(answer.data["machine"], Machine)
        request = msgspec.convert(answer.data["request"], Request)
    question = question_of(
        machine,
        request,
        [parse_wish(text) for text in request.requirements],
        catalog(),
    )
    text = requirement.strip()
    name = parse_wish(text).name
    if name == "python":
        return why_not.for_python(question, plan, parse_wish(text))
    if name in {"driver", "nvidia-driver"}:
        return why_not.about_the_driver(question, plan, text)
    wishes, companions = split(
        (text,),
        frameworks=catalog().frameworks,
        profiles={row.name: row.requirements for row in catalog().profiles},
    )
    if not wishes:
        return why_not.left_to_the_installer(question, companions[0], name)
    return why_not.why_not(question, plan, wishes, text)


def rendered(format_name: str, plans: tuple[Plan, ...], lock: str = "") -> tuple[RenderedFile, ...]:
    """Print plans in a format. Raises DlsetupError as ``render.render`` does."""
    from provisioner.render import render

    return render(plans, format_name, catalog(), lock=lock)


def warnings_of(format_name: str, plans: tuple[Plan, ...]) -> tuple[Warning, ...]:
    """What there is to know of plans in a format, theirs and the format's, each once."""
    from provisioner.render import warnings

    own = (warning for plan in plans for warning in plan.warnings)
    return tuple(dict.fromkeys((*own, *warnings(plans, format_name, catalog()))))


def read_plan(path: Path) -> Plan:
    """Read a saved ``resolve --json``, or its ``plan`` alone; its steps are made anew.

    Raises UsageError ``bad-plan-file``, also for a pin that the catalog does not hold.
    """
    from provisioner.plan_file import read

    return _with_steps(read(path, catalog()))


def believed(plan: Plan, path: Path) -> Plan:
    """Return a plan that came from elsewhere, as far as the catalog bears it out, with its steps.

    Raises UsageError ``bad-plan-file`` for a pin that the catalog does not hold.
    """
    from provisioner.plan_file import believed

    return _with_steps(believed(plan, path, catalog()))


def _with_steps(plan: Plan) -> Plan:
    from provisioner.recipes import steps_for

    return msgspec.structs.replace(plan, steps=steps_for(plan, catalog()))


def routes_of(format_name: str | None) -> Routes | None:
    """The routes of the plans that a format can carry; None for no or an unknown format."""
    from provisioner.render import FORMATS

    if format_name is None or format_name not in FORMATS:
        return None
    vias = FORMATS[format_name].carries
    wheels = tuple(
        route
        for route, via in (("pip", "pip"), ("conda-libraries", "conda"), ("container", "container"))
        if via in vias
    )
    if not FORMATS[format_name].links:
        from provisioner.resolve.compilers import UNLINKED

        wheels = (*wheels, UNLINKED)
    return (wheels, ("conda-native",)) if "conda" in vias else (wheels,)


def _name_other_formats(format_name: str, plan: Plan) -> None:
    from provisioner.render.carrying import cannot_carry, obstacle
    from provisioner.render.formats import FORMATS

    plan = _with_steps(plan)
    chosen = FORMATS.get(format_name)
    known = chosen is not None and plan.via in chosen.carries
    what = obstacle(chosen, plan, catalog()) if chosen and known else None
    pins = ", ".join(f"{pin.name} {pin.version}" for pin in plan.pins)
    told = f"{what or 'this request'}; there is a plan by {plan.via}: {pins}"
    raise cannot_carry(format_name, told, plan, catalog())


def _profiles(asked: Asked) -> dict[str, tuple[str, ...]]:
    """Profiles by name; the sheet is only read when a word names one."""
    from provisioner.request import named_profiles

    known = catalog().contents.profiles
    if asked.profile is None and not named_profiles(asked.words, known):
        return {}
    return {row.name: row.requirements for row in catalog().profiles}


def python_of(text: str | None) -> str | None:
    """Return what ``--python`` says. Raises UsageError ``bad-python``."""
    import re

    if text is not None and re.fullmatch(r"\d\.\d{1,2}t", text):
        raise UsageError(
            "bad-python",
            f"No plan is made for {text}, free-threaded Python.",
            context=("the catalog knows of no system or image that brings one, only of wheels",),
            hint=f"Ask for --python {text[:-1]}; the wheels: dlsetup catalog show torch",
        )
    if text is not None and not re.fullmatch(r"\d\.\d{1,2}", text):
        raise UsageError(
            "bad-python",
            f"{text[:40]!r} is not a Python version.",
            hint="Write major and minor, such as 3.12.",
        )
    return text


def _near_names(companions: tuple[str, ...]) -> Iterator[Warning]:
    """A companion that looks like a misspelt framework would come from anybody."""
    if not companions:
        return
    from difflib import get_close_matches

    from provisioner.request import parse_wish

    known = (*catalog().frameworks, "pytorch")
    for text in companions:
        name = parse_wish(text).name
        near = get_close_matches(name, known, n=1, cutoff=0.8)
        if near:
            told = f"{name} is taken as any package of the index. Did you mean {near[0]}?"
            yield Warning("near-name", told)


def _python_range(text: str | None) -> str | None:
    from provisioner.request import admits

    try:
        if text is not None:
            admits(text, "3")
    except ValueError as error:
        raise UsageError(
            "bad-python",
            f"{text!r} is not a range of Pythons.",
            context=(str(error),),
            hint="Write it as >=3.10,<3.13.",
        ) from error
    return text


def _gpu_by_pci_id(vendor: str, device: str, subsystem: str | None) -> Gpu | None:
    from provisioner.catalog.find import gpu_by_pci_id

    return gpu_by_pci_id(catalog(), vendor, device, subsystem)


def _gpu_by_name(word: str) -> Gpu:
    from provisioner.catalog.find import gpu_by_word

    return gpu_by_word(catalog(), word)


def is_card(gpu: Gpu) -> bool:
    """Whether a GPU is one to compute with: NVIDIA's, or a card that is no part of a processor."""
    from provisioner.resolve.accelerators import is_integrated

    return gpu.vendor == "nvidia" or is_integrated(catalog(), gpu) is False


def formats() -> Sequence[tuple[str, str]]:
    """Names and one-line descriptions of the formats."""
    from provisioner.render import FORMATS

    return [(name, form.description) for name, form in FORMATS.items()]


def exported() -> Mapping[str, object]:
    """Every row of the catalog, as ``catalog export`` prints them."""
    from provisioner.catalog.export import export

    return export(catalog())


def looked_up(words: tuple[str, ...]) -> Answer:
    """What the catalog knows about what the words name. Raises UsageError."""
    from provisioner.lookup import answer

    return answer(catalog(), words)


def plain(answer: Answer) -> Mapping[str, object]:
    """An answer for JSON: every key of every row, None where nothing is known."""
    from provisioner.catalog.export import plain as with_every_key

    told: Mapping[str, object] = with_every_key(answer)
    return told


def audited(*more: Look) -> Sequence[Problem]:
    """What an audit of the catalog finds wrong; each reads as one sentence.

    ``more`` are looks beside those that every audit takes.
    """
    from provisioner.catalog.check import audit

    return audit(catalog(), *more)


def explained(name: str) -> Reference:
    """What a reference means. Raises UsageError ``unknown-reference``."""
    from provisioner.catalog.find import reference

    return reference(catalog(), name)
