"""Which plan has golden files in which format."""

from __future__ import annotations

from provisioner.render import FORMATS
from provisioner.render.carrying import obstacle
from tests.golden.made_catalog import catalog
from tests.golden.plans import PLANS, tensorflow_keep, tf1_conda

SEVERAL = {"tensorflow-1-beside-2": (tf1_conda, tensorflow_keep)}
"""Plans that go into one output, by the name of its folder."""

CANNOT = frozenset({("hostile-companions", "pixi")})
"""Plan and format that do not go together: pixi knows packages by name, and these have none."""

_ONCE = {"cloud-init": "torch-ubuntu-24.04-driver-580-open"}
"""Formats that hold another's text whole: one plan shows them."""


def carried(name: str) -> tuple[str, ...]:
    """The formats that a plan has golden files in."""
    plan = PLANS[name]()
    return tuple(
        row.name
        for row in FORMATS.values()
        if obstacle(row, plan, catalog()) is None
        and not row.compiles  # what only compiles with a plan has tests of its own
        and (name, row.name) not in CANNOT
        and _ONCE.get(row.name, name) == name
    )
