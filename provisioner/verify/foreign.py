"""An environment that something else made: what is to be proved is read out of it."""

from __future__ import annotations

from pathlib import Path

from provisioner.errors import UsageError
from provisioner.machine import Machine
from provisioner.plan import DriverPlan, Pin, Plan, Request
from provisioner.recipes.verification import module_of
from provisioner.request import canonical
from provisioner.verify import packages
from provisioner.verify.probes import Interpreter
from provisioner.verify.proof import Subject
from provisioner.verify.visible import VISIBLE, Sight
from provisioner.version import minor, public


def subject(python: Path, machine: Machine, listed: str | None) -> Subject:
    """Return what there is to prove: the known frameworks in it, on every GPU of the machine.

    Where CUDA can be used, it must be: nobody can tell whether the CPU was wanted. Raises
    UsageError ``python-not-found`` for what is no Python that runs.
    """
    sight = Sight(listed=listed)
    found = _installed(Interpreter(python, sight.variables), python)
    known = [Pin(name=canonical(one.name), version=one.version) for one in found.packages]
    pins = tuple(Pin(name=pin.name, version=public(pin.version)) for pin in known if module_of(pin))
    seen = sight.of(machine.gpus)
    cuda = bool(seen) and machine.driver is not None
    # Who hides every GPU from programs wants the CPU; without a driver nobody does.
    hidden = listed is not None and not seen
    plan = Plan(
        machine=machine,
        request=Request(requirements=()),
        via="pip",
        python=minor(found.python),
        accelerator="cuda" if cuda else "cpu",
        cuda=None,
        cudnn=None,
        driver=DriverPlan(action="none"),
        pins=pins,
    )
    none = None if cuda else _no_gpu(machine)
    return Subject(interpreter=python, plan=plan, sight=sight, cpu_wanted=hidden, no_gpu=none)


def _no_gpu(machine: Machine) -> str:
    names = ", ".join(gpu.name for gpu in machine.gpus if gpu.vendor == "nvidia")
    if not names:
        return "there is no NVIDIA GPU on this machine"
    if machine.driver is None:
        return f"this machine has {names}, and no NVIDIA driver that works"
    return f"this machine has {names}, and {VISIBLE} shows none of it"


def _installed(interpreter: Interpreter, python: Path) -> packages.Installed:
    seen = next(iter(interpreter.seen((packages.LISTING,), lambda _: None)))
    found = packages.installed(seen)
    if found is None:
        raise UsageError(
            "python-not-found",
            f"{python} is no Python that runs.",
            context=(seen.check.detail,),
            hint="Name the folder of a virtual or conda environment, or its bin/python.",
        )
    return found
