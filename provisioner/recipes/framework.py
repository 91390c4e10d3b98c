"""The Python packages of a plan, installed by uv."""

from __future__ import annotations

from provisioner.plan import Plan, Step
from provisioner.recipes.requirements import described, requirements


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

    ``--source PACKAGE=INDEX`` takes that package, and no other, from that index: what else the
    index holds never stands in for a package of the default index. ``--index INDEX`` asks that
    index first for everything.
    """
    options: dict[tuple[str, str], None] = {}
    for pin in plan.pins:
        if pin.index and pin.requirement and not pin.channel:
            first = pin.index_holds_dependencies
            word = ("--index", pin.index) if first else ("--source", f"{pin.name}={pin.index}")
            options[word] = None
    words = (word for option in options for word in option)
    return ("packages_install", *words, "--", *requirements(plan))
