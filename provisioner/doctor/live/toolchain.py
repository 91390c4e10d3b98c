"""The CUDA toolkit and its host compiler, as a build would find them."""

from __future__ import annotations

import os
from collections.abc import Iterator

from provisioner.catalog.load import Catalog
from provisioner.detect.host import Host
from provisioner.machine import Machine
from provisioner.version import minor, numbers


def see(host: Host, machine: Machine, catalog: Catalog) -> Iterator[str]:
    """Say where CUDA_HOME, nvcc and gcc contradict each other: it harms who builds extensions."""
    home = host.env.get("CUDA_HOME") or host.env.get("CUDA_PATH") or ""
    if home and not host.exists(f"{home}/bin/nvcc"):
        yield f"there is no nvcc in {home}, which CUDA_HOME names"
    nvcc = host.which("nvcc") if host.live else None
    if nvcc and home and host.exists(f"{home}/bin/nvcc"):
        here = os.path.realpath(os.path.dirname(os.path.dirname(os.path.realpath(nvcc))))
        if here != os.path.realpath(home):
            yield f"two toolkits: nvcc on PATH is of {here}, and CUDA_HOME names {home}"
    yield from _too_new(machine, used(host, machine), catalog)


def used(host: Host, machine: Machine) -> str:
    """The CUDA of the nvcc that a build would take, ``12.8``; empty where there is none."""
    home = host.env.get("CUDA_HOME") or host.env.get("CUDA_PATH") or ""
    nvcc = host.which("nvcc") if host.live else None
    wanted = [home] if home else []
    wanted += [os.path.dirname(os.path.dirname(os.path.realpath(nvcc)))] if nvcc else []
    places = {os.path.realpath(kit.path): kit.version for kit in machine.toolkits}
    found = [places[path] for path in map(os.path.realpath, wanted) if path in places]
    found += [kit.version for kit in machine.toolkits]
    return minor(found[0]) if found else ""


def _too_new(machine: Machine, cuda: str, catalog: Catalog) -> Iterator[str]:
    """The header of an nvcc refuses a gcc that is newer than it was tested with."""
    gcc = machine.tools.get("gcc") or ""
    row = next((row for row in catalog.cuda if row.version == cuda), None)
    newest = row.host_compilers[-1].gcc if row and row.host_compilers else ""
    if gcc and newest and numbers(gcc)[0] > numbers(newest)[0]:
        yield f"gcc {gcc} is newer than gcc {newest}, the newest that nvcc of CUDA {cuda} takes"
