"""What every rendered text says of its plan: the machine, the pins, the warnings."""

from __future__ import annotations

import re

from provisioner.catalog.find import system
from provisioner.catalog.load import Catalog
from provisioner.machine import Gpu, Machine
from provisioner.plan import Pin, Plan, Step
from provisioner.render.quoting import identifier
from provisioner.version import at_least, numbers


def name(plan: Plan) -> str:
    """Return what the environment or image is called, after the first thing asked for."""
    asked = (*plan.request.requirements, *plan.request.companions, *plan.request.host)
    return identifier(asked[0] if asked else "")


def names(plans: tuple[Plan, ...]) -> tuple[str, ...]:
    """Return the name of each environment; a second of the same name bears a number."""
    found: list[str] = []
    for plan in plans:
        number = sum(name(other) == name(plan) for other in plans[: len(found)]) + 1
        found.append(name(plan) if number == 1 else f"{name(plan)}-{number}")
    return tuple(found)


def tag(plan: Plan) -> str:
    """Return what an image is tagged, so that builds stand side by side: ``torch-2.14.1-cu126``."""
    pin = next(iter(plan.pins), None)
    if pin is None:
        return name(plan)
    version, _, local = pin.version.partition("+")
    build = "" if pin.variant == "default" else pin.variant
    parts = (name(plan), re.sub(r"[^0-9a-z.]", "-", version.lower()), identifier(local or build))
    return "-".join(parts if local or build else parts[:2])


def summary(plan: Plan) -> str:
    """Return the plan in one phrase: ``torch 2.14.1 and torchvision 0.29.1``."""
    pins = [f"{pin.name} {pin.version}" for pin in plan.pins]
    if plan.is_for_host:
        return ", ".join(plan.request.host)
    if not pins:
        return ", ".join(plan.request.companions) or "an empty environment"
    return ", ".join(pins)


def machine_lines(plan: Plan, catalog: Catalog) -> tuple[str, ...]:
    """Return the machine in words, a line for each part."""
    machine = plan.machine
    row = system(catalog, machine.os.id, machine.os.version)
    system_name = row.name if row else f"{machine.os.id} {machine.os.version}"
    wsl = " on WSL2" if machine.os.wsl else ""
    lines = [f"{system_name}{wsl}, {machine.arch}", f"GPU: {_gpus(machine)}"]
    if plan.accelerator == "cuda":
        floor = f", at least {plan.driver.minimum} is needed" if plan.driver.minimum else ""
        if plan.driver.last_branch:
            floor += f", of branch {plan.driver.last_branch} at most"
        lines.append(f"NVIDIA driver: {plan.driver.current or 'none known'}{floor}")
    return tuple(lines)


def pin_lines(plan: Plan) -> tuple[str, ...]:
    """Return every pin with its version, build and kind of evidence, and the Python."""
    return (*(_pin(pin) for pin in plan.pins), f"Python {plan.python}")


def warning_lines(plan: Plan) -> tuple[str, ...]:
    """Return what there is to know beside the steps."""
    return tuple(warning.message for warning in plan.warnings)


def cuda_floor(plan: Plan, catalog: Catalog) -> str | None:
    """Return the CUDA that the oldest driver of the plan speaks, ``"12.0"``.

    That is what conda's solvers know a driver by, as ``__cuda``; at least it is the major release
    of the plan's CUDA, where no row says which driver came with that. None where the catalog does
    not say, and for plans without CUDA.
    """
    floor = plan.driver.minimum
    if plan.accelerator != "cuda" or floor is None:
        return None
    windows = plan.machine.os.wsl or plan.machine.os.id == "windows"
    came_with = ((row.version, row.driver_bundled) for row in catalog.cuda)
    drivers = ((cuda, told.windows if windows else told.linux) for cuda, told in came_with)
    spoken = [cuda for cuda, driver in drivers if driver and at_least(floor, driver)]
    newest = max(spoken, key=numbers, default=None)
    major = plan.cuda.partition(".")[0] if plan.cuda else None
    return major if newest and major and not at_least(newest, major) else newest


def step_named(plan: Plan, step_id: str) -> Step | None:
    """Return a step of the plan, or None."""
    return next((step for step in plan.steps if step.id == step_id), None)


def action(plan: Plan, action_name: str) -> tuple[str, ...] | None:
    """Return the arguments that an action is called with in the plan's steps, or None."""
    for step in plan.steps:
        for command in step.run:
            if command[0] == action_name:
                return command[1:]
    return None


def _gpus(machine: Machine) -> str:
    if not machine.gpus:
        return "none"
    counted: dict[str, int] = {}
    for gpu in machine.gpus:
        counted[_gpu(gpu)] = counted.get(_gpu(gpu), 0) + 1
    return ", ".join(f"{count} x {text}" if count > 1 else text for text, count in counted.items())


def _gpu(gpu: Gpu) -> str:
    kind = gpu.compute_capability or (gpu.architecture if gpu.vendor == "amd" else None)
    return f"{gpu.name} ({kind})" if kind and kind != gpu.name else gpu.name


def _pin(pin: Pin) -> str:
    build = f", build {pin.variant}" if pin.variant != "default" else ""
    cuda = f", CUDA {pin.cuda}" if pin.cuda else ""
    cudnn = f", cuDNN {pin.cudnn}" if pin.cudnn else ""
    return f"{pin.name} {pin.version}{build}{cuda}{cudnn} ({pin.evidence})"
