"""What each framework of a plan has to do: load, compute, speak with numpy, use every GPU."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provisioner.plan import Pin, Plan
from provisioner.recipes import toolkit
from provisioner.recipes.verification import action_of, companion_names, module_of
from provisioner.verify.devices import Device, formats
from provisioner.verify.probes import Probe

_DEEPER = {"torch", "tensorflow", "jax", "cupy"}
"""The modules that a program of their own looks deeper into."""
_ON_GPUS_ONLY = {"cupy"}
_CONVOLVING = {"torch", "tensorflow", "jax"}
"""Those that compute by cuDNN, and add up over GPUs by NCCL."""
_IMPORTS = "shell/verify/imports.py.j2"
_COMPANION = "shell/verify/companions.py.j2"
_NVCC = "shell/verify/nvcc.py.j2"


def groups(plan: Plan, devices: Sequence[Device]) -> Iterator[tuple[Probe, ...]]:
    """The probes of each framework; without the first of them the others make no sense."""
    for pin in plan.pins:
        if module_of(pin) in _DEEPER and not pin.channel:
            yield tuple(_probes(plan, pin, devices))


def imports(plan: Plan) -> tuple[Probe, ...]:
    """What must load beside the frameworks, and what should: each stands for itself."""
    modules = [(pin.name, module_of(pin)) for pin in plan.pins if not pin.channel]
    must = [
        Probe(f"imports {name}", _IMPORTS, (module,))
        for name, module in modules
        if module and module not in _DEEPER
    ]
    should = [Probe(f"imports {name}", _COMPANION, (name,)) for name in companion_names(plan)]
    return (*must, *should, *_compiling(plan))


def _compiling(plan: Plan) -> Iterator[Probe]:
    for _, *words in toolkit.proof(plan):
        yield Probe("compiles nvcc", _NVCC, tuple(words))


def _probes(plan: Plan, pin: Pin, devices: Sequence[Device]) -> Iterator[Probe]:
    module = module_of(pin) or ""
    program = f"verify/{module}.py"
    yield Probe(f"imports {pin.name}", _IMPORTS, (module,))
    action = action_of(plan, pin)
    if action is not None and (devices or plan.accelerator != "cuda"):
        name, *words = action
        shared = f"shell/verify/{name.removeprefix('verify_')}.py.j2"
        yield Probe(f"compute {module}", shared, tuple(words))
    if devices or module not in _ON_GPUS_ONLY:
        yield Probe(f"numpy {module}", program, ("numpy",))
    if not devices:
        return
    yield Probe(f"gpus {module}", program, ("gpus", str(len(devices))))
    for number, device in enumerate(devices):
        where = f"{module} gpu {number}"
        for form in formats(device.compute_capability) or ("fp32",):
            yield Probe(f"{form} {where}", program, ("product", form, str(number)))
        if module in _CONVOLVING:
            yield Probe(f"cudnn {where}", program, ("cudnn", str(number), pin.cudnn or ""))
    if module in _CONVOLVING and len(devices) > 1:
        yield Probe(f"nccl {module}", program, ("nccl", str(len(devices))))
