"""The conductor: from what was typed to Machine, Plan and rendered text.

Each function takes values and returns values; nothing here prints.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from provisioner import resources
from provisioner.catalog.load import Catalog
from provisioner.catalog.overlay import read_overlay
from provisioner.errors import DlsetupError, RefusedError, UsageError
from provisioner.machine import Gpu, Machine
from provisioner.plan import Plan, Refused, Request, Warning

if TYPE_CHECKING:
    from provisioner.catalog.check import Look
    from provisioner.catalog.problems import Problem
    from provisioner.catalog.words import Reference
    from provisioner.describe import Options
    from provisioner.lookup import Answer
    from provisioner.render import RenderedFile
    from provisioner.request import Wish
    from provisioner.resolve.resolve import Routes


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


class WhyNot(msgspec.Struct, frozen=True):
    """The answer to ``--why-not``: one sentence, and the facts it rests on."""

    requirement: str
    answer: str
    refused: tuple[Refused, ...]


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


def plan_for(asked: Asked, *, format_name: str | None = None) -> Plan:
    """Resolve a request; with a format, look for the best plan that the format can carry.

    Raises DlsetupError; a refusal carries machine and request in its ``data``.
    """
    from provisioner.request import named_profiles, split
    from provisioner.resolve.resolve import resolve

    profiles = _profiles(asked)
    wishes, companions = split(
        asked.words,
        frameworks=catalog().frameworks,
        profiles=profiles,
        profile=asked.profile,
        pre=asked.pre,
    )
    machine, warnings = machine_of(asked.options)
    warnings = (*warnings, *_near_names(companions))
    routes = _carries(format_name)
    request = Request(
        requirements=tuple(wish.text for wish in wishes),
        companions=companions,
        profiles=named_profiles(asked.words, profiles, asked.profile),
        python=_python(asked.python),
        requires_python=_python_range(asked.requires_python),
        via=asked.via,
        keep_driver=asked.keep_driver,
        pre=asked.pre,
    )
    try:
        try:
            plan = resolve(machine, request, wishes, catalog(), carries=routes)
        except RefusedError as refusal:
            if routes is None or refusal.reference != "no-compatible-stack":
                raise
            _name_other_formats(format_name or "", resolve(machine, request, wishes, catalog()))
            raise
    except DlsetupError as error:
        told: dict[str, object] = {"machine": machine, "request": request}
        if isinstance(error, RefusedError):
            told |= {"refused": (), "alternatives": ()}
        error.data = {**told, **error.data}
        raise
    return _with_steps(msgspec.structs.replace(plan, warnings=(*warnings, *plan.warnings)))


def why_not(asked: Asked, plan: Plan, requirement: str) -> WhyNot:
    """Say why a requirement is not what the plan holds."""
    from provisioner.request import parse_wish

    wish = parse_wish(requirement)
    held = next((pin for pin in plan.pins if pin.name == wish.name), None)
    if held and wish.admits(held.version):
        text = f"{wish.text} is what the plan holds: {held.name} {held.version}"
        return WhyNot(requirement, text, ())
    words = [word for word in asked.words if parse_wish(word).name != wish.name]
    narrowed = msgspec.structs.replace(asked, words=(wish.text, *words), profile=None)
    try:
        other = plan_for(narrowed)
    except RefusedError as error:
        refused = error.data.get("refused", ())
        told = f"{wish.text} cannot be had: {error.message}"
        return WhyNot(requirement, told, msgspec.convert(refused, tuple[Refused, ...]))
    got = ", ".join(f"{pin.name} {pin.version}" for pin in other.pins)
    price = f", if the driver is changed to {other.driver.minimum} or later"
    changed = other.driver.action not in {"keep", "none", plan.driver.action}
    way = f" by {other.via}" if other.via != plan.via else ""
    told = f"{wish.text} can be had{way}{price if changed else ''}: {got}"
    return WhyNot(requirement, told, tuple(_refused_of(plan, wish)))


def _refused_of(plan: Plan, wish: Wish) -> Iterator[Refused]:
    """What the plan itself says against the versions that a wish admits."""
    for item in plan.refused:
        name, _, version = item.candidate.partition(" ")
        if name == wish.name and wish.admits(version.partition("+")[0]):
            yield item


def rendered(format_name: str, plan: Plan) -> tuple[RenderedFile, ...]:
    """Print a plan in a format. Raises DlsetupError ``format-cannot-carry``."""
    from provisioner.render import render

    return render(plan, format_name, catalog())


def read_plan(path: Path) -> Plan:
    """Read a saved ``resolve --json``, or its ``plan`` alone; its steps are made anew.

    Raises UsageError ``bad-plan-file``, also for a pin that the catalog does not hold.
    """
    from provisioner.plan_file import read

    return _with_steps(read(path, catalog()))


def _with_steps(plan: Plan) -> Plan:
    from provisioner.recipes import steps_for

    return msgspec.structs.replace(plan, steps=steps_for(plan, catalog()))


def _carries(format_name: str | None) -> Routes | None:
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
    return (wheels, ("conda-native",)) if "conda" in vias else (wheels,)


def _name_other_formats(format_name: str, plan: Plan) -> None:
    from provisioner.render.formats import cannot_carry

    pins = ", ".join(f"{pin.name} {pin.version}" for pin in plan.pins)
    raise cannot_carry(
        format_name, f"this request; there is a plan by {plan.via}: {pins}", plan.via
    )


def _profiles(asked: Asked) -> dict[str, tuple[str, ...]]:
    """Profiles by name; the sheet is only read when a word names one."""
    from provisioner.request import named_profiles

    known = catalog().contents.profiles
    if asked.profile is None and not named_profiles(asked.words, known):
        return {}
    return {row.name: row.requirements for row in catalog().profiles}


def _python(text: str | None) -> str | None:
    import re

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
