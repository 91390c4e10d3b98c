"""``requirements.txt``: the wheels of a plan, for pip and uv in a Python that is there."""

from __future__ import annotations

from provisioner.catalog.load import Catalog
from provisioner.plan import Plan
from provisioner.render import facts
from provisioner.render.comments import head
from provisioner.render.quoting import required
from provisioner.render.templates import fill
from provisioner.render.words import asked_of, indexes


def text(plan: Plan, catalog: Catalog) -> str:
    """Return the file of requirements.

    Raises UsageError ``bad-requirement`` for a companion that such a file cannot hold.
    """
    wheels = asked_of(plan, "packages_install")
    return fill(
        "pip/requirements.txt.j2",
        head=head(plan, catalog),
        python=plan.python,
        indexes=indexes(wheels),
        requests=tuple(map(required, wheels.requests)),
        name=facts.name(plan),
    )
