"""When an index is silent: another build of the same version, and what more it brings.

A build for GPUs may stand in for one without them where the CPU computes, since it does that too;
never the other way round.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from provisioner.plan import Pin, Plan, Warning
from provisioner.request import parse_wish
from provisioner.resolve.candidates import Exclusion
from provisioner.settings import Settings

_REFERENCE = "index-unreachable"
_CPU = "cpu"


def silent(plan: Plan, settings: Settings) -> dict[str, str]:
    """The indexes that a plan needs and that do not answer, at their mirrors: address → reason.

    The default index is only asked where the environment or the user's file names it. All are
    asked at once, and waited for as ``Web.silent`` says.
    """
    from concurrent.futures import ThreadPoolExecutor

    from provisioner.download import Web

    pages = dict(_pages(plan, settings))
    if not pages:
        return {}
    web = Web()
    with ThreadPoolExecutor(len(pages)) as pool:
        reasons = list(pool.map(web.silent, pages.values()))
    return {index: why for index, why in zip(pages, reasons, strict=True) if why is not None}


def _pages(plan: Plan, settings: Settings) -> Iterator[tuple[str, str]]:
    """Each index by its address at the mirror, and a page of it that is asked for.

    Those that no other index can stand in for come first: they are named first.
    """
    wanted = {parse_wish(text).name for text in plan.request.companions}
    for private in settings.indexes:
        if not private.packages or wanted.intersection(private.packages):
            yield private.address.url, private.address.with_secret.rstrip("/") + "/"
    if default := settings.of_default_index():
        name = plan.pins[0].name if plan.pins else "pip"
        yield default.url, f"{default.with_secret.rstrip('/')}/{name}/"
    for pin in plan.pins:
        if pin.index and not pin.channel:
            yield settings.at(pin.index).url, f"{pin.index.rstrip('/')}/{pin.name}/"


def exclusions(plan: Plan, silent: Mapping[str, str], settings: Settings) -> Iterator[Exclusion]:
    """What rules out the builds of the silent indexes.

    None where another index would not help: the default one and the user's own hold the rest.
    """
    of_pins = {settings.at(pin.index).url.rstrip("/"): pin.index for pin in plan.pins if pin.index}
    if any(url.rstrip("/") not in of_pins for url in silent):
        return
    for url, reason in silent.items():
        index = of_pins[url.rstrip("/")]
        yield Exclusion(
            index=index,
            reference=_REFERENCE,
            reason=f"its index {url} does not answer: {reason}",
        )


def may_stand_in(other: Plan, plan: Plan) -> bool:
    """Whether a plan has the versions of another, and computes on the same."""
    return (
        [(pin.name, pin.version) for pin in other.pins]
        == [(pin.name, pin.version) for pin in plan.pins]
        and (other.accelerator, other.python) == (plan.accelerator, plan.python)
        and other.driver.action == plan.driver.action
    )


def warnings(
    other: Plan, plan: Plan, because: str, installed: Collection[str] = ()
) -> Iterator[Warning]:
    """What the user is told of builds that stand in for others of the same versions.

    ``installed`` names every package of the lock: what more comes along is read from it.
    """
    if not may_stand_in(other, plan):
        return
    changed = [
        (before, after)
        for before, after in zip(plan.pins, other.pins, strict=True)
        if (before.variant, before.index) != (after.variant, after.index)
    ]
    if not changed:
        return
    names = " and ".join(f"{after.name} {after.version}" for _, after in changed)
    builds = sorted({f"{_word(after)} instead of {_word(before)}" for before, after in changed})
    verb = "come" if changed[1:] else "comes"
    told = f"{because}: {names} {verb} as {' and '.join(builds)}."
    # No number: the catalog weighs a build without what it depends on.
    if {before.variant for before, _ in changed} == {_CPU} and any(map(_is_nvidias, installed)):
        subject = "They bring" if changed[1:] else "It brings"
        spared = f"+{_CPU} builds do" if changed[1:] else f"+{_CPU} build does"
        told += f" {subject} NVIDIA's GPU libraries, which the {spared} not."
    yield Warning("stand-in-build", told)


def _is_nvidias(package: str) -> bool:
    return package.startswith("nvidia-")


def _word(pin: Pin) -> str:
    return "the default build" if pin.variant == "default" else f"+{pin.variant}"
