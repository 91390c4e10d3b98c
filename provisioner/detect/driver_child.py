"""How a file that asks NVIDIA's libraries is run in a process of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

_LIBRARIES = ("libnvidia-ml.so.1", "libcuda.so.1")
_EXTRA_FOLDERS = ("/usr/lib/wsl/lib", "/run/opengl-driver/lib")
"""Where ldconfig does not find them: WSL, NixOS."""


def command(beside: str, name: str, *arguments: str) -> list[str]:
    """Return the command that runs the file ``name`` that lies beside another.

    In isolated mode, so that nothing of the caller's folder or settings stands in for a module.
    """
    child = os.path.join(os.path.dirname(os.path.abspath(beside)), name)
    return [sys.executable, "-I", "-S", child, *arguments]


def search_path() -> str:
    """Return this interpreter's folders of modules, for one without site packages."""
    return os.pathsep.join(os.path.abspath(folder) for folder in sys.path if folder)


def environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment (None: this process's) in which GPUs come in the order of the bus.

    The library path is completed by places that the system's own list lacks here and there.
    """
    env = dict(os.environ if base is None else base)
    folders = [
        folder
        for folder in _EXTRA_FOLDERS
        if any(os.path.lexists(f"{folder}/{library}") for library in _LIBRARIES)
    ]
    path = ":".join(filter(None, [env.get("LD_LIBRARY_PATH", ""), *folders]))
    more = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"} | ({"LD_LIBRARY_PATH": path} if path else {})
    return env | more
