"""The environment that is examined: named, active, or that of the Python on PATH."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from provisioner.doctor.live import environment
from provisioner.doctor.live.environment import Inside
from provisioner.doctor.symptoms import Installed
from provisioner.errors import UsageError
from provisioner.machine import Machine
from provisioner.request import canonical
from provisioner.version import minor

_INTERPRETERS = ("python", "python3")
_SHIMS = "shims"
"""Where pyenv and asdf keep names that lead to a Python of their choice."""
_PACKAGES = "lib/python3*/*-packages"
_TIME_LIMIT_S = 5.0
"""For a Python that nobody named: it may be a shim that never answers."""


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """The environment that is examined beside the machine; ``inside`` is None where none is."""

    inside: Inside | None = None
    looked_at: tuple[str, ...] = ()
    broken: str = ""
    """Why nothing of it could be asked, as a line that signs are looked for in."""
    is_active: bool = False
    """Whether ``python`` and ``pip`` mean it where the caller is."""
    for_cpu: bool = False
    """``up`` was told to make it without a GPU."""

    def lines(self, machine: Machine, env: Mapping[str, str], *, for_cpu: bool) -> tuple[str, ...]:
        """What is wrong inside, in words."""
        if self.inside is None:
            return (self.broken,) if self.broken else ()
        from provisioner.doctor.live import inside

        return tuple(inside.see(self.inside, machine, env, for_cpu=for_cpu))

    def packages(self) -> tuple[Installed, ...]:
        """What is installed there."""
        return environment.installed(self.inside) if self.inside else ()

    @property
    def python(self) -> str:
        """The release of its interpreter; empty without one."""
        return minor(self.inside.python) if self.inside else ""


def of(name: str | None, env: Mapping[str, str], frameworks: frozenset[str]) -> Room:
    """Find the environment of ``up`` with a name, or the one in a folder (a name with a slash).

    Without a name: the active one, or, where a framework is installed there, that of the Python
    that ``python`` starts. Raises UsageError ``unknown-environment`` or ``python-not-found``,
    OutsideError ``environment-damaged``.
    """
    if name is not None and os.sep in name:
        folder = os.path.abspath(name)
        return _in(folder, env, f"environment {folder}")
    if name is not None:
        return _made(name, env)
    venv, conda = env.get("VIRTUAL_ENV") or "", env.get("CONDA_PREFIX") or ""
    if venv or (conda and os.path.lexists(_python(conda))):  # conda's may hold no Python
        return _active(venv or conda, env)
    return _started(env, frameworks)


def _made(name: str, env: Mapping[str, str]) -> Room:
    from provisioner.environments import store

    made = store.usable(name)
    found = _in(made.path, env, f"environment {name}")
    return msgspec.structs.replace(found, for_cpu=made.plan.accelerator == "cpu")


def _active(folder: str, env: Mapping[str, str]) -> Room:
    """A shell is in it: what is started there fails, or runs on another Python."""
    told = f"active environment {folder}"
    try:
        return msgspec.structs.replace(_in(folder, env, told), is_active=True)
    except UsageError as error:
        reason = "; ".join(error.context)
        return Room(
            looked_at=(told,),
            broken=f"the {told} has no Python that runs: {_python(folder)}: {reason}",
        )


def _started(env: Mapping[str, str], frameworks: frozenset[str]) -> Room:
    found = (shutil.which(name, path=env.get("PATH", os.defpath)) for name in _INTERPRETERS)
    python = next(filter(None, found), None)
    if python is None or not _may_hold(python, env, frameworks):
        return Room()
    try:
        told = environment.asked(Path(python), env, _TIME_LIMIT_S)
    except UsageError:
        return Room()  # a shim, or a wrapper: nobody said that it is to be used
    if frameworks.isdisjoint(environment.imported(told)):
        return Room()
    return Room(inside=told, looked_at=(f"Python {told.python} in {told.prefix}",), is_active=True)


def _may_hold(python: str, env: Mapping[str, str], frameworks: frozenset[str]) -> bool:
    """Whether a framework lies where a Python would look: starting it to ask takes long."""
    if os.path.basename(os.path.dirname(python)) == _SHIMS:
        return True
    homes = {os.path.dirname(os.path.dirname(path)) for path in (python, os.path.realpath(python))}
    homes |= {"/usr", "/usr/local", os.path.join(env.get("HOME") or "/nonexistent", ".local")}
    folders = [one for home in homes for one in glob.glob(os.path.join(home, _PACKAGES))]
    folders += filter(None, env.get("PYTHONPATH", "").split(os.pathsep))
    return any(canonical(name.partition("-")[0]) in frameworks for name in _names_in(folders))


def _names_in(folders: Iterable[str]) -> Iterator[str]:
    for folder in folders:
        with suppress(OSError):
            yield from os.listdir(folder)


def _in(folder: str, env: Mapping[str, str], told: str) -> Room:
    return Room(inside=environment.asked(_python(folder), env), looked_at=(told,))


def _python(folder: str) -> Path:
    return Path(folder, "bin", "python")
