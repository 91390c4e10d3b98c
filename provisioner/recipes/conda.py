"""A plan whose packages come from conda's channels, with wheels beside them where it says so."""

from __future__ import annotations

from provisioner.plan import Pin, Plan, Step
from provisioner.recipes import framework, verification
from provisioner.recipes.requirements import described, requirements


def steps(plan: Plan) -> tuple[Step, ...]:
    """Return the steps that make the environment: conda's packages, then pip's, then proof.

    Raises UsageError ``bad-requirement`` as ``requirements`` does.
    """
    channels = dict.fromkeys(pin.channel for pin in plan.pins if pin.channel)
    words: list[str] = []
    for channel in channels:
        words += ["--channel", channel]
    several = len(channels) > 1
    packages = [_spec(pin, several=several) for pin in plan.pins if pin.channel]
    run: list[tuple[str, ...]] = [
        ("conda_install", *words, "--", f"python={plan.python}", *packages)
    ]
    if requirements(plan):
        run.append(framework.install(plan))
    return (
        Step(
            id="packages",
            title="Conda environment: " + described(plan),
            run=tuple(run),
            needs=("network", "disk"),
        ),
        *verification.steps(plan),
    )


def _spec(pin: Pin, *, several: bool) -> str:
    """A conda spec; the channel is named only where there are several to choose from."""
    spec = pin.requirement or f"{pin.name}={pin.version}"
    return f"{pin.channel}::{spec}" if several else spec
