"""From a plan's steps to files that people read and run: one module per format."""

from __future__ import annotations

from typing import Any

from provisioner.catalog.find import system
from provisioner.catalog.load import Catalog
from provisioner.errors import UsageError
from provisioner.plan import Plan
from provisioner.render.facts import step_named
from provisioner.render.formats import FORMATS, Format, RenderedFile, cannot_carry

_NO_LINUX = ("windows", "macos")

__all__ = ["FORMATS", "Format", "RenderedFile", "render"]


def render(
    plans: tuple[Plan, ...], format_name: str, catalog: Catalog, *, lock: str = ""
) -> tuple[RenderedFile, ...]:
    """Return the files that plans with their steps become; the same plans give the same bytes.

    With the text of a plan's lock, what it lists is installed, and nothing else. Raises UsageError
    ``unknown-format``, ``one-plan-only`` for several where the format carries one,
    ``plan-without-steps``, or ``bad-usage`` for a lock that the format cannot install, RefusedError
    ``format-cannot-carry`` naming the formats that can, or what the format itself refuses.
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
    if plan.via not in chosen.carries:
        raise cannot_carry(chosen.name, f"a plan that goes by {plan.via}", plan.via)
    if plan.is_for_host and not chosen.for_host:
        what = f"{' and '.join(plan.request.host)} alone: that is for the machine itself"
        raise cannot_carry(chosen.name, what, plan.via, for_host=True)
    row = system(catalog, plan.machine.os.id, plan.machine.os.version)
    if chosen.linux_only and row is not None and row.family in _NO_LINUX:
        what = f"a plan for {plan.machine.os_name}, because it is for Linux"
        raise cannot_carry(chosen.name, what, plan.via, linux=False)
    if chosen.compiles and plan.nvcc is None:
        raise cannot_carry(chosen.name, "a plan without nvcc, as cuda-dev has it", plan.via)
    if step_named(plan, "toolkit") and not chosen.links:
        what = "nvcc as wheels, which need links that it cannot make: ask for nvcc --via conda"
        raise cannot_carry(chosen.name, what, plan.via)
    if not plan.steps:
        raise UsageError(
            "plan-without-steps",
            "This plan says nothing about how it is carried out.",
            hint="Make it again: dlsetup resolve --json",
        )


def _module(name: str) -> Any:
    """The module of a format, imported only when it is asked for: templates cost start-up time.

    It has ``text(plan, catalog)``, the format's one file, or ``files(plans, catalog)``.
    """
    from importlib import import_module

    return import_module(f"provisioner.render.{name.replace('-', '_')}")
