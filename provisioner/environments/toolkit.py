"""nvcc in an environment: what a script does for it, done by the same words; what it needs here."""

from __future__ import annotations

import shutil
from pathlib import Path

from provisioner import process, resources
from provisioner.errors import OutsideError, RefusedError
from provisioner.plan import HostCompiler, Plan
from provisioner.recipes import toolkit

_ACTIONS = "shell/actions/toolkit.sh"
_LINKS = 'source "$1"; environment=$2; toolkit_links "$3"'
_TIME_LIMIT_S = 60


def make_ready(folder: Path, plan: Plan) -> None:
    """Make nvcc run and link in an environment, where the plan has it as wheels.

    Raises OutsideError ``toolkit-not-ready`` where no wheel brought it, or its folder cannot be
    written to.
    """
    host = toolkit.called(plan)
    if host is None:
        return
    actions = str(resources.templates() / _ACTIONS)
    words = ("bash", "-euc", _LINKS, "bash", actions, str(folder), host.program)
    done = process.run(words, timeout=_TIME_LIMIT_S)
    if done.returncode != 0:
        raise OutsideError(
            "toolkit-not-ready",
            "nvcc was installed, and could not be made to run.",
            context=tuple(done.stderr.splitlines()[-3:]) or ("no wheel brought nvcc",),
            hint="Look whether the disk is full, and give the same command again",
        )


def variables(folder: Path, plan: Plan) -> dict[str, str]:
    """Return what build tools find nvcc and its host compiler by; nothing without nvcc."""
    host = toolkit.called(plan)
    return {"CUDA_HOME": str(folder / "cuda"), "NVCC_CCBIN": host.program} if host else {}


def need_host_compiler(plan: Plan) -> None:
    """See that nvcc will find the compiler that it calls.

    Raises RefusedError ``host-compiler-missing``: nothing is installed as root for it.
    """
    wanted = toolkit.called(plan)
    if wanted is None:
        return
    found = _release_of(wanted.program)
    if found is not None and found <= int(wanted.newest):
        return
    here = "is not here" if found is None else f"here is of gcc {found}"
    raise RefusedError(
        "host-compiler-missing",
        f"nvcc needs a C++ compiler of gcc {wanted.newest} or older, and {wanted.program} {here}.",
        hint=_how(wanted),
        data={"plan": plan},
    )


def _release_of(program: str) -> int | None:
    """The major release of a gcc, None where it does not run."""
    if shutil.which(program) is None:
        return None
    said = process.run((program, "-dumpversion"), timeout=_TIME_LIMIT_S).stdout
    major = said.strip().partition(".")[0]
    return int(major) if major.isdigit() else None


def _how(wanted: HostCompiler) -> str:
    named = wanted.package or f"a g++ of release {wanted.newest} or older"
    return f"Install {named} with the system's package manager, and give the same command again"
