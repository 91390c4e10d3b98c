"""``environment.yml``: conda's packages, and a pip section for what comes as wheels."""

from __future__ import annotations

from provisioner.catalog.load import Catalog
from provisioner.plan import Plan
from provisioner.render import facts
from provisioner.render.quoting import comment, required
from provisioner.render.templates import fill
from provisioner.render.words import Asked, asked_of, indexes

_CHANNEL = "conda-forge"
"""Where the interpreter comes from when no pin names a channel."""

_DEFAULTS = "defaults"

_WIDTH = 74
"""What yamllint allows to a line, less the comment's sign and the deepest indent."""


def text(plan: Plan, catalog: Catalog) -> str:
    """Return the environment file."""
    packages = asked_of(plan, "conda_install")
    wheels = asked_of(plan, "packages_install")
    channels = packages.values("--channel") or (_CHANNEL,)
    if _DEFAULTS not in channels:
        channels = (*channels, "nodefaults")
    return fill(
        "conda/environment.yml.j2",
        plan=plan,
        name=facts.name(plan),
        channels=channels,
        packages=packages.requests or (f"python={plan.python}",),
        pip_lines=_pip_lines(wheels),
        extra_index=bool(indexes(wheels)),
        title=_wrapped((facts.summary(plan),), ""),
        machine=_wrapped(facts.machine_lines(plan, catalog), "  "),
        pins=_wrapped(facts.pin_lines(plan), "  "),
        caps=_wrapped(tuple(f"{cap.requirement}: {cap.reason}" for cap in plan.constraints), "  "),
        warnings=_wrapped(tuple(f"Note: {one}" for one in facts.warning_lines(plan)), "  "),
        override=plan.cuda if plan.via == "conda" and plan.accelerator == "cuda" else None,
    )


def _pip_lines(wheels: Asked) -> tuple[str, ...]:
    """Lines of a requirements file, which is what conda makes of its pip section."""
    lines = tuple(f"--extra-index-url={index}" for index in indexes(wheels))
    return (*lines, *map(required, wheels.requests)) if wheels.requests else ()


def _wrapped(lines: tuple[str, ...], hanging: str) -> tuple[str, ...]:
    """Lines no longer than YAML's linters allow, what is carried over set in."""
    from textwrap import wrap

    return tuple(
        piece
        for line in lines
        for piece in wrap(
            comment(line),
            _WIDTH,
            subsequent_indent=hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )
    )
