"""The script inside a bundle: it installs where dlsetup is not, and proves what it installed."""

from __future__ import annotations

from hashlib import sha256

from provisioner.bundle.manifest import SCRIPT, Needs
from provisioner.plan import Plan, Step
from provisioner.render import facts
from provisioner.render.steps import Library, sections
from provisioner.render.templates import fill

_LOCK = "The packages of the lock"


def text(name: str, plan: Plan, needs: Needs, lock: bytes, python: str | None) -> str:
    """Return the script of an environment's bundle.

    ``lock`` is what it installs, ``python`` the build of uv's that is carried along. Raises
    BadDataError as the rendered script does.
    """
    proof = tuple(step for step in plan.steps if step.id == "verification")
    environment = Step(id="environment", title=f"An environment with Python {needs.python}")
    steps = (environment, Step(id="packages", title=_LOCK), *proof)
    library = Library(("runner.sh",), steps=steps)
    return fill(
        "shell/bundle.sh.j2",
        name=name,
        file_name=SCRIPT,
        uninstalls=False,
        asks=False,
        needs=needs,
        build=python or "",
        summary=facts.summary(plan),
        pins=facts.pin_lines(plan),
        companions=plan.request.companions,
        digest=sha256(lock).hexdigest()[:16],
        holds=f"bundle {name}: Python {plan.python}, {facts.summary(plan)}",
        machinery=library.take("leave stop step"),
        steps=steps,
        proof=tuple(sections(proof, plan.python, library)),
    )
