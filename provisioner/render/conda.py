"""``environment.yml``: conda's packages, and a pip section for what comes as wheels."""

from __future__ import annotations

from provisioner.catalog.load import Catalog
from provisioner.plan import Plan
from provisioner.render import facts
from provisioner.render.comments import head, wrapped
from provisioner.render.quoting import required
from provisioner.render.templates import fill
from provisioner.render.words import Asked, asked_of, indexes

CHANNEL = "conda-forge"
"""Where the interpreter comes from when no pin names a channel."""

DEFAULTS = "defaults"


def text(plan: Plan, catalog: Catalog) -> str:
    """Return the environment file.

    Raises UsageError ``bad-requirement`` for a companion that pip's section cannot hold.
    """
    packages = asked_of(plan, "conda_install")
    wheels = asked_of(plan, "packages_install")
    channels = packages.values("--channel") or (CHANNEL,)
    if DEFAULTS not in channels:
        channels = (*channels, "nodefaults")
    return fill(
        "conda/environment.yml.j2",
        head=(*head(plan, catalog), *solver_lines(plan, catalog)),
        name=facts.name(plan),
        channels=channels,
        packages=packages.requests or (f"python={plan.python}",),
        pip_lines=_pip_lines(wheels),
        extra_index=bool(indexes(wheels)),
    )


def solver_lines(plan: Plan, catalog: Catalog) -> tuple[str, ...]:
    """Return what a solver makes of a plan for NVIDIA's GPUs, with and without a driver."""
    if plan.accelerator != "cuda":
        return ()
    floor = facts.cuda_floor(plan, catalog)
    enough, too_old = (
        (f"{floor} or later", f"below {floor}") if floor else ("new enough", "too old")
    )
    requests = asked_of(plan, "conda_install").requests
    told = ["Conda's solvers see the driver as the package __cuda, which 'conda info' lists."]
    if any(request.count("=") > 1 for request in requests):
        told.append(
            f"With one that is {enough} they take the builds for CUDA that are pinned below by "
            "build string. With none, or an older one, they refuse; only for builds so old that "
            "they do not ask for __cuda they go on, and take those. No build for the CPU fits."
        )
    elif requests:
        told.append(
            f"With one that is {too_old} they refuse CUDA's libraries. With none they go on: the "
            "wheels are for CUDA all the same, and no build for the CPU fits."
        )
    else:
        told.append(
            f"Nothing below asks for it: see yourself that it is {enough}. The wheels are for CUDA "
            "with it and without it; no build for the CPU fits."
        )
    if requests and plan.cuda:
        told.append(f"Where there is no GPU yet, tell them: CONDA_OVERRIDE_CUDA={plan.cuda}.")
    return ("", *wrapped((" ".join(told),)))


def _pip_lines(wheels: Asked) -> tuple[str, ...]:
    """Lines of a requirements file, which is what conda makes of its pip section."""
    lines = tuple(f"--extra-index-url={index}" for index in indexes(wheels))
    return (*lines, *map(required, wheels.requests)) if wheels.requests else ()
