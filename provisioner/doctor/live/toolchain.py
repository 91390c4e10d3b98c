"""The CUDA toolkit and its host compiler, as a build would find them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from provisioner.catalog.load import Catalog
from provisioner.detect.host import Host
from provisioner.detect.toolkits import parse_nvcc_version
from provisioner.machine import Machine
from provisioner.version import is_dotted, minor, numbers

_FLAGS = ("NVCC_PREPEND_FLAGS", "NVCC_APPEND_FLAGS")
_CCBIN = re.compile(r"-(?:ccbin|-compiler-bindir)(?:=|\s+)(\S+)")
_CCBINS = ("NVCC_CCBIN", "CUDAHOSTCXX")
"""Variables that nvcc and CMake read."""
_HOMES = ("CUDA_HOME", "CUDA_PATH")
"""Variables that builds read, the first before the second."""


def is_named(env: Mapping[str, str]) -> bool:
    """Whether somebody builds here: a toolkit or a host compiler is named for it."""
    return any(env.get(name) for name in (*_HOMES, *_FLAGS, *_CCBINS))


def see(host: Host, machine: Machine, catalog: Catalog) -> Iterator[str]:
    """Say where CUDA_HOME, nvcc and gcc contradict each other: it harms who builds extensions."""
    variable, home = _home(host)
    if home and not host.exists(f"{home}/bin/nvcc"):
        yield f"there is no nvcc in {home}, which {variable} names"
    nvcc = host.which("nvcc") if host.live else None
    other = _other(host, machine, nvcc, home) if nvcc and host.exists(f"{home}/bin/nvcc") else ""
    if other and home:
        yield f"two toolkits: nvcc on PATH is of {other}, and {variable} names {home}"
    gcc, cuda = _compiler(host, machine), used(host, machine)
    yield from _too_new(gcc, cuda, catalog, is_built=is_named(host.env))


def _home(host: Host) -> tuple[str, str]:
    """The variable that names a toolkit, and the folder; empty where none does."""
    return next(((name, host.env[name]) for name in _HOMES if host.env.get(name)), ("", ""))


def _other(host: Host, machine: Machine, nvcc: str, home: str) -> str:
    """The toolkit of the nvcc on PATH, where it is not the one at ``home``; empty where it is.

    Debian's nvcc and many another are scripts that start one elsewhere: its release tells.
    """
    here = os.path.dirname(os.path.dirname(os.path.realpath(nvcc)))
    releases = {os.path.realpath(kit.path): minor(kit.version) for kit in machine.toolkits}
    if here == os.path.realpath(home):
        return ""
    release = releases.get(here) or parse_nvcc_version(
        host.answer("nvcc", [nvcc, "--version"]) or ""
    )
    is_same = release is None or release == releases.get(os.path.realpath(home))
    return "" if is_same else f"CUDA {release} ({nvcc})"


def _compiler(host: Host, machine: Machine) -> str:
    """The version of the gcc that nvcc would take: the one that is named for it, else gcc."""
    flags = " ".join(host.env.get(name, "") for name in _FLAGS)
    named = _CCBIN.findall(flags) or [host.env[name] for name in _CCBINS if host.env.get(name)]
    if not named:
        return machine.tools.get("gcc") or ""
    compiler = named[-1].strip("'\"")
    program = compiler if os.path.isabs(compiler) else host.which(compiler)
    if program and os.path.isdir(program):
        program = os.path.join(program, "gcc")
    answer = host.answer("ccbin-version", [program, "-dumpfullversion"]) if program else None
    return answer.strip() if answer and is_dotted(answer.strip()) else ""


def used(host: Host, machine: Machine) -> str:
    """The CUDA of the nvcc that a build would take, ``12.8``; empty where there is none."""
    home = _home(host)[1]
    nvcc = host.which("nvcc") if host.live else None
    wanted = [home] if home else []
    wanted += [os.path.dirname(os.path.dirname(os.path.realpath(nvcc)))] if nvcc else []
    places = {os.path.realpath(kit.path): kit.version for kit in machine.toolkits}
    found = [places[path] for path in map(os.path.realpath, wanted) if path in places]
    found += [kit.version for kit in machine.toolkits]
    return minor(found[0]) if found else ""


def _too_new(gcc: str, cuda: str, catalog: Catalog, *, is_built: bool) -> Iterator[str]:
    """The header of an nvcc refuses a gcc that is newer than it was tested with."""
    if not gcc or not cuda:
        return
    row = next((row for row in catalog.cuda if row.version == cuda), None)
    newest = row.host_compilers[-1].gcc if row and row.host_compilers else ""
    if newest and numbers(gcc)[0] > numbers(newest)[0]:
        if is_built:
            yield f"gcc {gcc} is newer than gcc {newest}, the newest that nvcc of CUDA {cuda} takes"
        else:
            yield f"nvcc of CUDA {cuda} would refuse gcc {gcc}: it takes them up to gcc {newest}"
