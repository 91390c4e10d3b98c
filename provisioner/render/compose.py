"""``compose.yaml``: a service for each plan, built from the Dockerfile that comes beside it."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.catalog.load import Catalog
from provisioner.plan import Plan, digest
from provisioner.render import dockerfile, facts, image
from provisioner.render.formats import RenderedFile
from provisioner.render.quoting import identifier, wrapped
from provisioner.render.templates import fill


def files(plans: tuple[Plan, ...], catalog: Catalog) -> tuple[RenderedFile, ...]:
    """Return the compose file, and a Dockerfile for each plan, named after its service.

    Raises RefusedError as ``image.values`` does.
    """
    names = _names(plans)
    beside = tuple(
        RenderedFile(f"{name}.Dockerfile", dockerfile.text(plan, catalog))
        for name, plan in zip(names, plans, strict=True)
    )
    services = [_service(name, plan, catalog) for name, plan in zip(names, plans, strict=True)]
    text = fill("docker/compose.yaml.j2", services=services)
    return (RenderedFile("compose.yaml", text), *beside)


def _names(plans: Sequence[Plan]) -> tuple[str, ...]:
    """What the services are called: as was asked for, with the version where two are alike."""
    plain = [
        identifier(plan.request.profiles[0]) if plan.request.profiles else facts.name(plan)
        for plan in plans
    ]
    tagged = [facts.tag(plan).replace(".", "-") for plan in plans]
    chosen: list[str] = []
    for name, tag in zip(plain, tagged, strict=True):
        wanted = name if plain.count(name) == 1 else tag
        number, free = 2, wanted
        while free in chosen:
            number, free = number + 1, f"{wanted}-{number}"
        chosen.append(free)
    return tuple(chosen)


def _service(name: str, plan: Plan, catalog: Catalog) -> dict[str, object]:
    lines = (
        facts.summary(plan),
        *facts.machine_lines(plan, catalog),
        *facts.pin_lines(plan),
        *(
            f"{text} (asked for; chosen when the image is built)"
            for text in plan.request.companions
        ),
        *(f"{cap.requirement}: {cap.reason}" for cap in plan.constraints),
        *(f"Note: {line}" for line in facts.warning_lines(plan)),
    )
    return {
        "name": name,
        "about": wrapped(lines, "    "),
        "dockerfile": f"{name}.Dockerfile",
        "image": f"localhost/{name}:{digest(plan)}",
        "platform": image.platform(plan),
        "accelerator": plan.accelerator,
    }
