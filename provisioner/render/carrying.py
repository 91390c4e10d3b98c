"""Which formats can carry a plan, and what stands in the way of the others."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog.find import system
from provisioner.catalog.load import Catalog
from provisioner.errors import RefusedError
from provisioner.plan import Plan
from provisioner.render.facts import step_named
from provisioner.render.formats import FORMATS, Format
from provisioner.render.package_tools import package_tool

_NO_LINUX = ("windows", "macos")


def obstacle(chosen: Format, plan: Plan, catalog: Catalog) -> str | None:
    """Return what of a plan a format cannot carry, in words; None where it can carry it."""
    return next(_obstacles(chosen, plan, catalog), None)


def _obstacles(chosen: Format, plan: Plan, catalog: Catalog) -> Iterator[str]:
    row = system(catalog, plan.machine.os.id, plan.machine.os.version)
    if plan.via not in chosen.carries:
        yield f"a plan that goes by {plan.via}"
    if plan.is_for_host and not chosen.for_host:
        yield f"{' and '.join(plan.request.host)} alone: that is for the machine itself"
    if chosen.linux_only and row is not None and row.family in _NO_LINUX:
        yield f"a plan for {plan.machine.os_name}, because it is for Linux"
    if chosen.installs and package_tool(row) is None:
        yield f"a plan for {plan.machine.os_name}"
    if chosen.is_image and plan.accelerator == "xpu":
        yield (
            "a plan for Intel's GPUs: the image would need Intel's user-mode driver, "
            "of which the catalog knows no package"
        )
    if chosen.compiles and plan.nvcc is None:
        yield "a plan without nvcc, as cuda-dev has it"
    if step_named(plan, "toolkit") and not chosen.links:
        other = ": ask for nvcc --via conda" if "conda" in chosen.carries else ""
        yield f"nvcc as wheels, which need links that it cannot make{other}"


def cannot_carry(name: str, what: str, plan: Plan, catalog: Catalog) -> RefusedError:
    """Return the error for a plan that a format cannot carry; it names those that can.

    Those come first that a plan like this suits best, and what is made like the format asked for.
    """
    asked = FORMATS.get(name)
    images = asked is not None and asked.is_image
    others = [
        row
        for row in FORMATS.values()
        if row.name != name and not row.compiles and obstacle(row, plan, catalog) is None
    ]
    others.sort(key=lambda row: (row.is_image != images, row.carries[0] != plan.via))
    names = tuple(row.name for row in others)
    hint = f"Formats that can: {', '.join(names)}." if names else "No format can."
    if step_named(plan, "toolkit"):
        by_conda = (
            row.name for row in FORMATS.values() if not row.links and "conda" in row.carries
        )
        hint += f" With --via conda: {', '.join(by_conda)}."
    return RefusedError(
        "format-cannot-carry",
        f"{name} cannot carry {what}.",
        context=tuple(f"{row.name}: {row.description}" for row in others),
        hint=hint,
        data={"formats": names},
    )
