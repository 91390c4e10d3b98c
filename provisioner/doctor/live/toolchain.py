"""The CUDA toolkit and its host compiler, as a build would find them."""

from __future__ import annotations

import os
from collections.abc import Iterator

from provisioner.detect.host import Host
from provisioner.machine import Machine


def see(host: Host, machine: Machine) -> Iterator[str]:
    """Say where CUDA_HOME and nvcc contradict each other."""
    home = host.env.get("CUDA_HOME") or host.env.get("CUDA_PATH") or ""
    if home and (":" in home or not host.exists(f"{home}/bin/nvcc")):
        yield f"CUDA_HOME does not exist as a toolkit: CUDA_HOME={home} has no bin/nvcc"
    nvcc = host.which("nvcc") if host.live else None
    if nvcc and home and host.exists(f"{home}/bin/nvcc"):
        here = os.path.realpath(os.path.dirname(os.path.dirname(nvcc)))
        if here != os.path.realpath(home):
            yield f"nvcc on PATH is of {here}, CUDA_HOME names {home}: two toolkits"
    minors = {".".join(kit.version.split(".")[:2]) for kit in machine.toolkits}
    if len(minors) > 1:
        yield f"toolkits installed side by side: {', '.join(sorted(minors))}"
