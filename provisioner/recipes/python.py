"""The installer, the interpreter and the empty environment."""

from __future__ import annotations

from provisioner.catalog.find import system
from provisioner.catalog.load import Catalog
from provisioner.catalog.rows import Tool
from provisioner.errors import BadDataError
from provisioner.plan import Plan, Step

SYSTEM_PYTHON = "/usr/bin/python3"
"""The interpreter that the system's packages bring, never one that PATH happens to find."""


MANAGED, FOUND = "managed", "found"
"""Where another Python comes from: uv fetches one, or it has to be on PATH already."""


def steps(plan: Plan, catalog: Catalog) -> tuple[Step, ...]:
    """Return the steps that get uv, where needed a Python, and make the environment."""
    own = is_systems_own(plan, catalog)
    managed = MANAGED if _is_fetched(plan.python, catalog) else FOUND
    interpreter = () if own else (_interpreter(plan.python, managed),)
    source = system_python(plan, catalog) if own else managed
    return (_uv(uv_row(catalog)), *interpreter, _environment(plan, source))


def system_python(plan: Plan, catalog: Catalog) -> str:
    """Return the interpreter that the system's packages bring, with which uv is fetched."""
    row = system(catalog, plan.machine.os.id, plan.machine.os.version)
    return row.interpreter if row else SYSTEM_PYTHON


def is_systems_own(plan: Plan, catalog: Catalog) -> bool:
    """Whether the planned Python is the one of the system's own packages."""
    row = system(catalog, plan.machine.os.id, plan.machine.os.version)
    if row is None or row.python != plan.python:
        return False
    return row.interpreter in {SYSTEM_PYTHON, f"/usr/bin/python{row.python}"}


def uv_row(catalog: Catalog) -> Tool:
    """Return the pinned uv. Raises BadDataError ``missing-row`` when the catalog has none."""
    found = next((row for row in catalog.tools if row.name == "uv"), None)
    if found is None or not found.hashes:
        raise BadDataError(
            "missing-row",
            "The catalog pins no uv with a hash, and rendered texts take nothing without one.",
            hint="Install dlsetup again, or set DLSETUP_STACKS to a whole catalog.",
        )
    return found


def _uv(row: Tool) -> Step:
    return Step(
        id="uv",
        title=f"uv {row.version}, the installer, in a folder of its own",
        check=(("uv_present", row.version),),
        run=(("uv_install", row.version, *row.hashes),),
        needs=("network", "disk"),
    )


def _is_fetched(version: str, catalog: Catalog) -> bool:
    """Whether uv can fetch a Python; one that nobody knows is asked for."""
    return all(row.fetched for row in catalog.pythons if row.version == version)


def _interpreter(version: str, source: str) -> Step:
    beside = "beside the system's own"
    there = "which uv has no more: one that is on PATH"
    return Step(
        id="python",
        title=f"Python {version}, {beside if source == MANAGED else there}",
        check=(("python_present", version, source),),
        run=(("python_install", version, source),),
        needs=("network", "disk"),
    )


def _environment(plan: Plan, source: str) -> Step:
    room = (("disk_free", str(plan.disk_bytes)),) if plan.disk_bytes else ()
    return Step(
        id="environment",
        title=f"An environment with Python {plan.python}",
        check=(("environment_present", plan.python),),
        run=(*room, ("environment_make", plan.python, source)),
        needs=("disk",),
    )
