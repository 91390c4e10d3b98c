"""What must be seen before an environment is called ready."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.plan import Pin, Plan, Step
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
    versions = tuple(_exact_versions(plan))
    if versions:
        run.append(("verify_versions", *versions))
    # cupy's wheels are called after their CUDA: cupy-cuda12x.
    names = (re.sub(r"-cuda\w+$", "", pin.name) for pin in plan.pins)
    modules = tuple(_IMPORTED[name] for name in names if name in _IMPORTED)
    if modules:
        run.append(("verify_imports", *modules))
    run.extend(computing(plan))
    beside = dict.fromkeys(name[0] for text in companions(plan) if (name := _NAME.match(text)))
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
    frameworks = [pin for pin in plan.pins if pin.name in _COMPUTING]
    if plan.accelerator != "cuda":
        return tuple(_elsewhere(plan, pin) for pin in frameworks)
    gpus = str(sum(gpu.vendor == "nvidia" for gpu in plan.machine.gpus))
    return tuple(
        (_COMPUTING[pin.name], pin.version, "cuda", gpus, pin.cuda or "") for pin in frameworks
    )


def _elsewhere(plan: Plan, pin: Pin) -> tuple[str, ...]:
    """The action for a framework on the CPU, or on the GPUs of another maker than NVIDIA.

    Each GPU stands there by what serves it. On a Mac only torch computes on the GPU.
    """
    if plan.accelerator == "cpu" or pin.name != "torch":
        return _COMPUTING[pin.name], pin.version, "cpu"
    return "verify_torch_device", pin.version, plan.accelerator, *(one.by for one in pin.serves)


def _exact_versions(plan: Plan) -> Iterator[str]:
    """``name==version`` of each pin that is asked for exactly, as its metadata must say."""
    for pin in plan.pins:
        match = _EXACT.match(pin.requirement or "")
        if match and not pin.channel:
            yield f"{match[1]}=={match[2]}"
