"""The loader's paths: which copies of CUDA's libraries come before an environment's own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.detect.host import Host
from provisioner.machine import Machine

_WATCHED = re.compile(
    r"lib(?:cudnn|cublas|cublasLt|cudart|nvJitLink|cusparse|cufft|cusolver|nccl|nvrtc)\.so\.\d+$"
)


def see(host: Host, machine: Machine) -> Iterator[str]:
    """Say which libraries LD_LIBRARY_PATH and LD_PRELOAD put before all others."""
    del machine
    path = host.env.get("LD_LIBRARY_PATH", "")
    for folder in filter(None, path.split(":")):
        names = [name for name in host.entries(folder) if _WATCHED.match(name)]
        if names:
            yield f"LD_LIBRARY_PATH: {folder} holds {', '.join(names[:4])}"
    preload = host.env.get("LD_PRELOAD", "")
    if any(word in preload for word in ("cuda", "cudnn", "nvidia", "nccl")):
        yield f"LD_PRELOAD={preload}"
