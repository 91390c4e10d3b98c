"""nvcc as wheels: the compiler that it calls, the links that it lacks, and the proof."""

from __future__ import annotations

from provisioner.plan import HostCompiler, Plan, Step


def compiler(plan: Plan) -> tuple[Step, ...]:
    """Return the step that sees to the host compiler; nothing where no wheel brings nvcc."""
    host = called(plan)
    if host is None:
        return ()
    program, newest, package = host.program, host.newest, host.package
    title = f"C++ compiler for nvcc: {program}, of gcc {newest} or older"
    return (
        Step(
            id="compiler",
            title=title,
            check=(("host_compiler_fits", program, newest),),
            run=(
                ("system_packages_install", package)
                if package
                else ("host_compiler_stop", program, newest),
            ),
            needs=("root", "network") if package else (),
        ),
    )


def ready(plan: Plan) -> tuple[Step, ...]:
    """Return the step that makes nvcc run and link; nothing where no wheel brings it."""
    host = called(plan)
    if host is None:
        return ()
    return (
        Step(
            id="toolkit",
            title="nvcc in the environment, and what linkers look for",
            check=(("toolkit_made",),),
            run=(("toolkit_make", host.program),),
        ),
    )


def proof(plan: Plan) -> tuple[tuple[str, ...], ...]:
    """Return the action that compiles for the planned GPUs, and runs what came of it."""
    host = called(plan)
    if plan.nvcc is None or host is None:
        return ()
    gpus = sum(gpu.vendor == "nvidia" for gpu in plan.machine.gpus)
    count = str(gpus if plan.accelerator == "cuda" else 0)
    return (("verify_nvcc", plan.nvcc.version, host.program, count, *plan.targets),)


def called(plan: Plan) -> HostCompiler | None:
    """Return what the nvcc of wheels calls; None where no wheel brings it."""
    return plan.host_compiler if plan.nvcc is not None and not plan.nvcc.channel else None
