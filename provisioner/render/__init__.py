"""From a plan's steps to files that people read and run: one module per format."""

from __future__ import annotations

from typing import Any

from provisioner.catalog.load import Catalog
from provisioner.errors import UsageError
from provisioner.plan import Plan, Warning
from provisioner.render import facts
from provisioner.render.carrying import cannot_carry, obstacle
from provisioner.render.formats import FORMATS, Format, RenderedFile

__all__ = ["FORMATS", "Format", "RenderedFile", "render", "warnings"]


def render(
    plans: tuple[Plan, ...], format_name: str, catalog: Catalog, *, lock: str = ""
) -> tuple[RenderedFile, ...]:
    """Return the files that plans with their steps become; the same plans give the same bytes.

    With the text of a plan's lock, what it lists is installed, and nothing else. Raises UsageError
    ``unknown-format``, ``one-plan-only`` for several where the format carries one,
    ``plan-without-steps``, or ``bad-usage`` for the same plan twice and for a lock that the format
    cannot install, RefusedError ``format-cannot-carry`` naming the formats that can, or what the
    format itself refuses.
    """
    chosen = FORMATS.get(format_name)
    if chosen is None:
        raise UsageError(
            "unknown-format",
            f"There is no format {format_name[:40]!r}.",
            hint="Formats: " + ", ".join(FORMATS) + ".",
        )
    if len(plans) > 1 and not chosen.several:
        raise _one_only(chosen)
    _all_differ(chosen, plans)
    for plan in plans:
        _carried(chosen, plan, catalog)
    module = _module(chosen.name)
    if lock:
        return _locked(chosen, plans[0], catalog, lock)
    if hasattr(module, "text"):
        executable = chosen.name == "script"
        return (RenderedFile(chosen.file_name, module.text(plans[0], catalog), executable),)
    files: tuple[RenderedFile, ...] = module.files(plans, catalog)
    return files


def warnings(plans: tuple[Plan, ...], format_name: str, catalog: Catalog) -> tuple[Warning, ...]:
    """Return what there is to know of plans in one format, beside their own warnings."""
    module = _module(format_name)
    told = getattr(module, "warnings", None)
    return tuple(one for plan in plans for one in told(plan, catalog)) if told else ()


def _locked(chosen: Format, plan: Plan, catalog: Catalog, lock: str) -> tuple[RenderedFile, ...]:
    if not chosen.locks or plan.via != "pip":
        others = [row.name for row in FORMATS.values() if row.locks]
        raise UsageError(
            "bad-usage",
            f"{chosen.name} cannot install a plan by {plan.via} from a lock.",
            hint=f"Formats that can, for wheels: {', '.join(others)}.",
        )
    files: tuple[RenderedFile, ...] = _module(chosen.name).locked(plan, catalog, lock)
    return files


def _one_only(chosen: Format) -> UsageError:
    others = [row.name for row in FORMATS.values() if row.several]
    return UsageError(
        "one-plan-only",
        f"{chosen.name} holds one environment, and several were asked for.",
        context=tuple(f"{name}: {FORMATS[name].description}" for name in others),
        hint="Formats that hold several: " + ", ".join(others) + "."
        if others
        else "Render each by itself.",
    )


def _carried(chosen: Format, plan: Plan, catalog: Catalog) -> None:
    """Raise where a format cannot carry a plan."""
    what = obstacle(chosen, plan, catalog)
    if what is not None:
        raise cannot_carry(chosen.name, what, plan, catalog)
    if not plan.steps:
        raise UsageError(
            "plan-without-steps",
            "This plan says nothing about how it is carried out.",
            hint="Make it again: dlsetup resolve --json",
        )


def _all_differ(chosen: Format, plans: tuple[Plan, ...]) -> None:
    """Raise where one environment is asked for twice: a slip, and not a wish for two of them."""
    for place, plan in enumerate(plans):
        if any(_is_same(plan, other) for other in plans[:place]):
            raise UsageError(
                "bad-usage",
                f"{chosen.name} is asked for the same environment twice: {facts.summary(plan)}.",
                hint="Name it once, or ask for something else on one side of the +.",
            )


def _is_same(plan: Plan, other: Plan) -> bool:
    """Whether two plans make one environment, whatever words asked for them."""
    return (plan.machine, plan.steps) == (other.machine, other.steps)


def _module(name: str) -> Any:
    """The module of a format, imported only when it is asked for: templates cost start-up time.

    It has ``text(plan, catalog)``, the format's one file, or ``files(plans, catalog)``.
    """
    from importlib import import_module

    return import_module(f"provisioner.render.{name.replace('-', '_')}")
