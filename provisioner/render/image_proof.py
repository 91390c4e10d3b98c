"""The program that proves an image: every pin in its version, every module loads.

An image is built where no GPU need be, so computing is left to the moment it runs beside one.
"""

from __future__ import annotations

from provisioner.plan import Plan
from provisioner.render import facts
from provisioner.render.quoting import literal
from provisioner.render.templates import fill

_MODULES = {
    "verify_torch": "torch",
    "verify_torch_device": "torch",
    "verify_tensorflow": "tensorflow",
    "verify_jax": "jax",
}
"""Actions that make a framework compute, and the module each loads."""


def program(plan: Plan, compiler: str = "") -> tuple[str, ...]:
    """Return the lines of the program, for any Python from 3.6 on.

    ``compiler`` is what nvcc calls in the image, where wheels bring nvcc.

    It ends with a sentence and exit code 1 where a pin is missing or has another version, where a
    module does not load, or where a framework is a build for the CPU and the plan is not.
    With the word ``gpu`` it also asks each framework whether it sees a GPU.
    """
    modules: dict[str, str] = {}
    pins: list[str] = []
    for step in plan.steps:
        for action, *arguments in step.run:
            if action == "verify_versions":
                pins += arguments
            elif action == "verify_imports":
                modules.update(dict.fromkeys(arguments, ""))
            elif action in _MODULES:
                modules[_MODULES[action]] = arguments[0].split("+")[0]
    text = fill(
        "docker/verify.py.j2",
        pins=pins,
        modules=modules,
        accelerator=plan.accelerator,
        cuda=next((pin.cuda for pin in plan.pins if pin.name == "torch" and pin.cuda), ""),
    )
    return tuple(line for line in (text + _compiling(plan, compiler)).splitlines() if line)


def _compiling(plan: Plan, compiler: str) -> str:
    """The program that makes nvcc compile with what the image has, for GPUs that are not there."""
    proof = facts.action(plan, "verify_nvcc")
    if proof is None:
        return ""
    version, _, _, *targets = proof
    words = ", ".join(map(literal, (version, compiler, "0", *targets)))
    return f"import sys\nsys.argv[1:] = [{words}]\n" + fill("shell/verify/nvcc.py.j2")
