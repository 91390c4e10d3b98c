"""The Python packages of a plan, installed by uv."""

from __future__ import annotations

from provisioner.plan import Plan, Step
from provisioner.recipes.requirements import described, indexes, requirements


def steps(plan: Plan) -> tuple[Step, ...]:
    """Return the step that installs every package of the plan into the environment."""
    return (
        Step(
            id="packages",
            title="Python packages: " + described(plan),
            check=(("packages_installed",),),
            run=(install(plan),),
            needs=("network", "disk"),
        ),
    )


def install(plan: Plan) -> tuple[str, ...]:
    """Return the action that installs with pip or uv: options, ``--``, requirements.

    Where a pin comes from an index of its own, uv is told to weigh all indexes: its default is
    to take everything that index happens to hold from there, dependencies and companions too.
    """
    options: list[str] = []
    for index in indexes(plan):
        options += ["--index", index]
    if options:
        options += ["--index-strategy", "unsafe-best-match"]
    return ("packages_install", *options, "--", *requirements(plan))
