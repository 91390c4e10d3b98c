"""nvcc as wheels: the compiler that it calls, the links that it lacks, and the proof."""

from __future__ import annotations

from provisioner.plan import Pin, Plan, Step

_COMPILER = "nvcc"


def compiler(plan: Plan) -> tuple[Step, ...]:
    """Return the step that sees to the host compiler; nothing where no wheel brings nvcc."""
    if nvcc(plan) is None or plan.host_compiler is None:
        return ()
    program, newest = plan.host_compiler.program, plan.host_compiler.newest
    package = plan.host_compiler.package
    title = f"C++ compiler for nvcc: {program}, of gcc {newest} or older"
    needed = ("host_compiler_needed", program, newest)
    return (
        Step(
            id="compiler",
            title=title,
            check=(("host_compiler_fits", program, newest),),
            run=(("system_packages_install", package), needed) if package else (needed,),
            needs=("root", "network") if package else (),
        ),
    )


def ready(plan: Plan) -> tuple[Step, ...]:
    """Return the step that makes nvcc run and link; nothing where no wheel brings it."""
    if nvcc(plan) is None or plan.host_compiler is None:
        return ()
    return (
        Step(
            id="toolkit",
            title="nvcc in the environment, and what linkers look for",
            check=(("toolkit_made",),),
            run=(("toolkit_make", plan.host_compiler.program),),
        ),
    )


def proof(plan: Plan) -> tuple[tuple[str, ...], ...]:
    """Return the action that compiles for the planned GPUs, and runs what came of it."""
    pin = nvcc(plan)
    if pin is None or plan.host_compiler is None:
        return ()
    gpus = sum(gpu.vendor == "nvidia" for gpu in plan.machine.gpus)
    count = str(gpus if plan.accelerator == "cuda" else 0)
    return (("verify_nvcc", pin.version, plan.host_compiler.program, count, *targets(plan)),)


def nvcc(plan: Plan) -> Pin | None:
    """Return the pin of nvcc where a wheel brings it."""
    found = (pin for pin in plan.pins if pin.name == _COMPILER and not pin.channel)
    return next(found, None)


def targets(plan: Plan) -> tuple[str, ...]:
    """Return what nvcc makes code for, ``sm_89``, each once; nothing for a machine without GPUs."""
    pins = (pin for pin in plan.pins if pin.name == _COMPILER)
    return tuple(dict.fromkeys(serve.by for pin in pins for serve in pin.serves))
