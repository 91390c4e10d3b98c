"""Where installers of Pythons keep them: folders with a ``bin``, that PATH need not name."""

from __future__ import annotations

import os
from collections.abc import Iterator

from provisioner.detect.host import Host

_CONDA_NAMES = ("anaconda3", "conda", "mambaforge", "micromamba", "miniconda3", "miniforge3")


def python_homes(host: Host) -> tuple[str, ...]:
    """Return the prefixes, each once: of uv, pyenv, vendors' packages, then conda's."""
    below = [*_of_uv(host), *_of_pyenv(host), *_of_vendors()]
    homes = [f"{folder}/{name}" for folder in below for name in host.entries(folder)]
    homes += [f"/opt/{name}" for name in host.entries("/opt", "python")]
    return tuple(dict.fromkeys((*homes, *_of_conda(host))))


def _of_uv(host: Host) -> Iterator[str]:
    yield from _named(host, "UV_PYTHON_INSTALL_DIR", "")
    yield from _named(host, "XDG_DATA_HOME", "/uv/python")
    yield from _at_home(host, ".local/share/uv/python")


def _of_pyenv(host: Host) -> Iterator[str]:
    yield from _named(host, "PYENV_ROOT", "/versions")
    yield from _at_home(host, ".pyenv/versions")


def _of_vendors() -> Iterator[str]:
    """Builds that stand beside the system's own: ``/opt/python/3.12.1``, python.org's for macOS."""
    yield "/opt/python"
    yield "/Library/Frameworks/Python.framework/Versions"


def _of_conda(host: Host) -> Iterator[str]:
    """The installations of conda and its kin, and their environments."""
    roots = [*_named(host, "MAMBA_ROOT_PREFIX", "")]
    roots += [folder for name in _CONDA_NAMES for folder in _at_home(host, name)]
    roots += [*_at_home(host, ".local/share/mamba"), *_at_home(host, ".conda")]
    roots += [f"/opt/{name}" for name in _CONDA_NAMES]
    program = host.env.get("CONDA_EXE", "")
    if os.path.isabs(program):
        roots.insert(0, os.path.dirname(os.path.dirname(program)))
    for root in roots:
        yield root
        yield from (f"{root}/envs/{name}" for name in host.entries(f"{root}/envs"))
    # conda writes down where it made environments elsewhere.
    for folder in _at_home(host, ".conda/environments.txt"):
        listed = (host.read(folder) or "").splitlines()
        yield from (line.strip() for line in listed if os.path.isabs(line.strip()))
    yield from _named(host, "CONDA_PREFIX", "")


def _named(host: Host, variable: str, below: str) -> Iterator[str]:
    folder = host.env.get(variable, "")
    if os.path.isabs(folder):
        yield folder + below


def _at_home(host: Host, below: str) -> Iterator[str]:
    home = host.home()
    if home:
        yield f"{home}/{below}"
