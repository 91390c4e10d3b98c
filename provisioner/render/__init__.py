"""From a plan's steps to files that people read and run: one module per format."""

from __future__ import annotations

from collections.abc import Callable

from provisioner.catalog.find import system
from provisioner.catalog.load import Catalog
from provisioner.errors import UsageError
from provisioner.plan import Plan
from provisioner.render.formats import FORMATS, Format, RenderedFile, cannot_carry

_NO_LINUX = ("windows", "macos")

__all__ = ["FORMATS", "Format", "RenderedFile", "render"]


def render(plan: Plan, format_name: str, catalog: Catalog) -> tuple[RenderedFile, ...]:
    """Return the files that a plan with its steps becomes; the same plan gives the same bytes.

    Raises UsageError ``unknown-format`` or ``plan-without-steps``, RefusedError
    ``format-cannot-carry`` naming the formats that can, or what the format itself refuses.
    """
    chosen = FORMATS.get(format_name)
    if chosen is None:
        raise UsageError(
            "unknown-format",
            f"There is no format {format_name[:40]!r}.",
            hint="Formats: " + ", ".join(FORMATS) + ".",
        )
    if plan.via not in chosen.carries:
        raise cannot_carry(chosen.name, f"a plan that goes by {plan.via}", plan.via)
    row = system(catalog, plan.machine.os.id, plan.machine.os.version)
    if chosen.linux_only and row is not None and row.family in _NO_LINUX:
        what = f"a plan for {plan.machine.os_name}, because it is for Linux"
        raise cannot_carry(chosen.name, what, plan.via, linux=False)
    if not plan.steps:
        raise UsageError(
            "plan-without-steps",
            "This plan says nothing about how it is carried out.",
            hint="Make it again: dlsetup resolve --json",
        )
    text = _writer(chosen.name)(plan, catalog)
    executable = chosen.name == "script"
    return (RenderedFile(chosen.file_name, text, executable),)


def _writer(name: str) -> Callable[[Plan, Catalog], str]:
    """The module of a format, imported only when it is asked for: templates cost start-up time."""
    from importlib import import_module

    module = import_module(f"provisioner.render.{name}")
    writer: Callable[[Plan, Catalog], str] = module.text
    return writer
