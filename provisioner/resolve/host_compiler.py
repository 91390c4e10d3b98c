"""The C++ compiler that nvcc calls: its own header refuses one that is too new."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalog.rows import HostCompilers
from provisioner.plan import HostCompiler, Warning
from provisioner.resolve.candidates import COMPILER, Need
from provisioner.resolve.facts import Facts
from provisioner.version import minor, numbers

_PROGRAM = "g++"
_PACKAGES = ("g++", "gcc-c++")
"""What systems call the package with their own C++ compiler."""


def limits_of(facts: Facts, nvcc: str) -> HostCompilers | None:
    """What an nvcc accepts; that of the newest of its minor release for a toolkit's number.

    None where nobody read its header.
    """
    row = facts.cuda.get(minor(nvcc))
    known = row.host_compilers if row else ()
    exact = (limits for limits in known if limits.nvcc == nvcc)
    return next(exact, known[-1] if known else None)


def needs_of_compiler(facts: Facts, nvcc: str, evidence: str) -> Iterator[Need]:
    """Yield what speaks against an nvcc: a gcc here that is too new, and no older one to be had."""
    limits = limits_of(facts, nvcc)
    here = _gcc_here(facts)
    if limits is None or here is None or int(here[0]) <= int(limits.gcc):
        return
    if _older(facts, limits) is None:
        yield Need(
            on=COMPILER,
            reference="host-compiler",
            reason=f"it takes gcc {limits.gcc} or older; this machine has gcc {here[0]}"
            f" ({here[1]}), and no package with an older one is known",
            evidence=evidence,
            failed=True,
        )


def chosen(facts: Facts, nvcc: str) -> HostCompiler | None:
    """What an nvcc is to call: the system's own, or an older one beside it.

    None where nobody read which it accepts.
    """
    limits = limits_of(facts, nvcc)
    if limits is None:
        return None
    here = _gcc_here(facts)
    fits = here is None or int(here[0]) <= int(limits.gcc)
    older = None if fits else _older(facts, limits)
    system = f"{facts.machine.os.id}-{facts.machine.os.version}"
    packages = {row.package for row in facts.catalog.system_packages if row.os == system}
    package = older or next((name for name in _PACKAGES if name in packages), None)
    return HostCompiler(program=older or _PROGRAM, newest=limits.gcc, package=package)


def told(facts: Facts, nvcc: str) -> str | None:
    """Which host compilers an nvcc accepts, in words; None where nobody read its header."""
    limits = limits_of(facts, nvcc)
    if limits is None:
        return None
    return f"it takes gcc {limits.gcc} or older, or clang {limits.clang} or older, beside it"


def warnings(facts: Facts, nvcc: str) -> Iterator[Warning]:
    """Say which compiler to install where the machine's own is too new, or not known."""
    limits = limits_of(facts, nvcc)
    here = _gcc_here(facts)
    if limits is None:
        return
    if here is None:
        text = f"nvcc of CUDA {minor(nvcc)} takes gcc {limits.gcc} or older: see that it finds one."
        yield Warning("host-compiler-not-known", text)
    elif int(here[0]) > int(limits.gcc) and (package := _older(facts, limits)):
        text = (
            f"gcc {here[0]} ({here[1]}) is too new for nvcc of CUDA {minor(nvcc)}: "
            f"it is to call {package}, beside it."
        )
        yield Warning("host-compiler", text)


def _gcc_here(facts: Facts) -> tuple[str, str] | None:
    """The major release of gcc here, and where that is known from."""
    version = facts.machine.tools.get("gcc")
    if version:
        return version.partition(".")[0], "detected"
    row = facts.system
    return (row.gcc, f"the gcc of {row.name}") if row and row.gcc else None


def _older(facts: Facts, limits: HostCompilers) -> str | None:
    """The newest package of the system with a gcc that is accepted."""
    row = facts.system
    packages = row.other_compilers if row else ()
    fitting = [name for name in packages if int(_major(name)) <= int(limits.gcc)]
    return max(fitting, key=lambda name: numbers(_major(name)), default=None)


def _major(package: str) -> str:
    return package.rpartition("-")[2]
