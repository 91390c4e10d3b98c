"""The loader's paths: which copies of CUDA's libraries stand in front of a program's own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.catalog.load import Catalog
from provisioner.detect.host import Host
from provisioner.machine import Machine

_WATCHED = re.compile(
    r"lib(?:cudnn\w*|cublas|cublasLt|cudart|nvJitLink|cusparse|cufft|curand|cusolver|nccl|nvrtc)"
    r"\.so\.\d+(?:\.\d+)?"
)
_FOREIGN = ("cuda", "cudnn", "cublas", "nccl")
_MOST = 3


def see(host: Host, _: Machine, __: Catalog) -> Iterator[str]:
    """Say which libraries LD_LIBRARY_PATH and LD_PRELOAD put in front of all others."""
    for folder in filter(None, host.env.get("LD_LIBRARY_PATH", "").split(":")):
        names = [name for name in host.entries(folder) if _WATCHED.fullmatch(name)]
        more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
        if names:
            yield f"in front of what programs bring: {', '.join(names[:_MOST])}{more} in {folder}"
    preload = host.env.get("LD_PRELOAD", "")
    if any(word in preload.lower() for word in _FOREIGN):
        yield f"in front of what programs bring: {preload} (preloaded)"
