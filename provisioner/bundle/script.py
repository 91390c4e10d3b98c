"""The script inside a bundle: it installs where dlsetup is not, and proves what it installed."""

from __future__ import annotations

from hashlib import sha256

from provisioner.bundle.manifest import SCRIPT, Needs
from provisioner.plan import Plan
from provisioner.render import facts
from provisioner.render.script import files
from provisioner.render.templates import fill

_MAKES = ("environment.sh", "packages.sh")


def text(name: str, plan: Plan, needs: Needs, lock: bytes, python: str | None) -> str:
    """Return the script of an environment's bundle.

    ``lock`` is what it installs, ``python`` the build of uv's that is carried along. Raises
    BadDataError as the rendered script does.
    """
    proof = tuple(step for step in plan.steps if step.id == "verification")
    return fill(
        "shell/bundle.sh.j2",
        name=name,
        file_name=SCRIPT,
        makes_environment=True,
        needs=needs,
        build=python or "",
        summary=facts.summary(plan),
        pins=facts.pin_lines(plan),
        companions=plan.request.companions,
        digest=sha256(lock).hexdigest()[:16],
        holds=f"bundle {name}: Python {plan.python}, {facts.summary(plan)}",
        actions=(*_MAKES, *files(proof)),
        proof=tuple(command for step in proof for command in step.run),
    )
