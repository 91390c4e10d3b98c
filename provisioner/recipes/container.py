"""A plan that lives in an image: the frameworks are there, only companions are added."""

from __future__ import annotations

from provisioner.plan import Plan, Step
from provisioner.recipes import verification
from provisioner.recipes.requirements import companions, described


def steps(plan: Plan) -> tuple[Step, ...]:
    """Return the steps that get the image, add the companions under the caps, and prove it.

    Raises UsageError ``bad-requirement`` as ``companions`` does.
    """
    image = Step(
        id="image",
        title="Image with " + described(plan),
        run=(("image_pull", plan.image or ""),),
        needs=("network", "disk"),
    )
    added = companions(plan)
    if not added:
        return (image, *verification.steps(plan))
    caps = tuple(cap.requirement for cap in plan.constraints)
    packages = Step(
        id="packages",
        title="Companions beside them",
        run=(("packages_install", "--", *caps, *added),),
        needs=("network", "disk"),
    )
    return (image, packages, *verification.steps(plan))
