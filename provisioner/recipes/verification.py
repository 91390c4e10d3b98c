"""What must be seen before an environment is called ready."""

from __future__ import annotations

import re

from provisioner.plan import Pin, Plan, Step
from provisioner.recipes import toolkit
from provisioner.recipes.requirements import companions

_COMPUTING = {
    "torch": "verify_torch",
    "tensorflow": "verify_tensorflow",
    "tensorflow-cpu": "verify_tensorflow",
    "tensorflow-gpu": "verify_tensorflow",
    "nvidia-tensorflow": "verify_tensorflow",
    "jax": "verify_jax",
}
"""The frameworks, and the action that makes each compute on every device."""

_IMPORTED = {
    "torchvision": "torchvision",
    "torchaudio": "torchaudio",
    "xformers": "xformers",
    "flash-attn": "flash_attn",
    "bitsandbytes": "bitsandbytes",
    "vllm": "vllm",
    "fastai": "fastai",
    "cupy": "cupy",
    "onnxruntime-gpu": "onnxruntime",
}
"""Packages beside a framework, and the module that must load with it."""

_EXACT = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^*;\s]+)$")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def steps(plan: Plan) -> tuple[Step, ...]:
    """Return the step that proves the environment; it is never skipped."""
    run: list[tuple[str, ...]] = []
    versions = exact_versions(plan)
    if versions:
        run.append(("verify_versions", *versions))
    modules = tuple(_IMPORTED[name] for name in map(_plain, plan.pins) if name in _IMPORTED)
    if modules:
        run.append(("verify_imports", *modules))
    run.extend(computing(plan))
    run.extend(toolkit.proof(plan))
    beside = companion_names(plan)
    if beside:
        run.append(("verify_companions", *beside))
    return (
        Step(
            id="verification",
            title="Verification",
            check=(("verified_now",),),
            run=(*run, ("verification_passed",)),
        ),
    )


def computing(plan: Plan) -> tuple[tuple[str, ...], ...]:
    """Return for each framework the action that makes it compute, its version and where."""
    actions = (action_of(plan, pin) for pin in plan.pins)
    return tuple(action for action in actions if action is not None)


def action_of(plan: Plan, pin: Pin) -> tuple[str, ...] | None:
    """Return the action that makes one pin compute; None for what is no framework.

    On the GPUs of another maker than NVIDIA each stands there by what serves it. On a Mac only
    torch computes on the GPU.
    """
    if pin.name not in _COMPUTING:
        return None
    if plan.accelerator == "cuda":
        gpus = str(sum(gpu.vendor == "nvidia" for gpu in plan.machine.gpus))
        return _COMPUTING[pin.name], pin.version, "cuda", gpus, pin.cuda or ""
    if plan.accelerator == "cpu" or pin.name != "torch":
        return _COMPUTING[pin.name], pin.version, "cpu"
    return "verify_torch_device", pin.version, plan.accelerator, *(one.by for one in pin.serves)


def module_of(pin: Pin) -> str | None:
    """Return the module that must load where a pin is installed; None where none is known."""
    if pin.name in _COMPUTING:
        return _COMPUTING[pin.name].removeprefix("verify_")
    return _IMPORTED.get(_plain(pin))


def companion_names(plan: Plan) -> tuple[str, ...]:
    """Return the packages that came along, by name, each once."""
    found = (_NAME.match(text) for text in companions(plan))
    return tuple(dict.fromkeys(name[0] for name in found if name))


def _plain(pin: Pin) -> str:
    """The name of a pin; cupy's wheels are called after their CUDA, cupy-cuda12x."""
    return re.sub(r"-cuda\w+$", "", pin.name)


def exact_versions(plan: Plan) -> tuple[str, ...]:
    """Return ``name==version`` of each pin that is asked for exactly, as its metadata must say."""
    found = (_EXACT.match(pin.requirement or "") for pin in plan.pins if not pin.channel)
    return tuple(f"{match[1]}=={match[2]}" for match in found if match)
