"""The Python an environment stands on: asked at the time of use, and the best that answers taken.

What detection saw may be gone, half removed or built without a module by now, so each interpreter
of the planned release is started once more, and has to import what packages cannot do without.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from provisioner import process
from provisioner.environments.interpreter import inside
from provisioner.errors import OutsideError
from provisioner.lock.uv import Uv
from provisioner.plan import Plan
from provisioner.progress import Progress

TIME_LIMIT_S = 20.0
"""An interpreter on a cold disk may take seconds for its first start."""
_NEEDED = ("ctypes", "ssl", "zlib")
"""Modules that a Python can be built without, and that installed packages cannot."""
_BETTER = ("_bz2", "_lzma", "_sqlite3")
"""Modules that some packages import: torchvision two of them, Jupyter the third."""
_BITS = 64
"""Of the processes that the catalog's wheels are for."""
_QUESTION = """
import sys
sys.path[:] = [folder for folder in sys.path if folder]
import json, os, struct, sysconfig
def lacks(name):
    try:
        __import__(name)
    except Exception:
        return True
def setting(name):
    return sysconfig.get_config_var(name)
print("")
print(json.dumps({
    "version": list(sys.version_info[:3]),
    "final": sys.version_info[3] == "final",
    "implementation": getattr(getattr(sys, "implementation", None), "name", "cpython"),
    "free_threaded": bool(setting("Py_GIL_DISABLED")),
    "bits": 8 * struct.calcsize("P"),
    "platform": setting("MULTIARCH") or "",
    "virtual": sys.prefix != getattr(sys, "base_prefix", sys.prefix),
    "conda": os.path.isdir(os.path.join(sys.prefix, "conda-meta")),
    "headers": os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")),
    "lacks": [name for name in sys.argv[1:] if lacks(name)],
}))
"""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What an interpreter says of itself."""

    version: tuple[int, int, int]
    final: bool
    implementation: str
    free_threaded: bool
    bits: int
    platform: str
    """``x86_64-linux-gnu``; empty where it was not built to know."""
    virtual: bool
    """It belongs to a virtual environment, and goes when that goes."""
    conda: bool
    """It belongs to a conda environment, and goes when that goes."""
    headers: bool
    """``Python.h`` is there: what compiles at run time, as Triton does, needs it."""
    lacks: tuple[str, ...]
    """The modules asked for that do not import."""


class Base(msgspec.Struct, frozen=True):
    """An interpreter that an environment can stand on."""

    path: str
    answer: Answer


def make_environment(folder: Path, plan: Plan, uv: Uv, tell: Progress) -> None:
    """Make an empty environment on the best Python of this machine, or else on one of uv's.

    Raises OutsideError ``python-not-found`` with all that was tried and why it failed, and what
    ``Uv.make_environment`` raises for reasons that no other Python would mend.
    """
    fitting, tried = bases(plan)
    for base in fitting:
        failed = _failure(folder, base.path, uv)
        if failed is None:
            return
        tried += (f"{base.path}: {failed}",)
    tell.step(f"fetching Python {plan.python}: none that serves is here")
    try:
        uv.make_environment(folder, plan.python, managed=True)
        unfit = _unfit(_asked(str(inside(folder))), plan, made=True)
    except OutsideError as error:
        unfit = "; ".join(error.context[-1:]) or error.message
    if unfit is not None:
        shutil.rmtree(folder, ignore_errors=True)
        raise _not_found(plan, (*tried, f"uv's own build: {unfit}"))


def _failure(folder: Path, path: str, uv: Uv) -> str | None:
    """Make an environment on an interpreter; why uv could not, where another may do better."""
    try:
        uv.make_environment(folder, path)
    except OutsideError as error:
        if error.reference != "uv-failed":
            raise
        shutil.rmtree(folder, ignore_errors=True)
        return "; ".join(error.context[-1:])
    return None


def bases(plan: Plan) -> tuple[tuple[Base, ...], tuple[str, ...]]:
    """Return the interpreters of the planned release that serve, best first; why others do not.

    Final releases come before previews, those that lack nothing before others, those of their
    own before those of a conda environment, which goes when that goes; then the newest patch.
    """
    fitting: list[Base] = []
    tried: list[str] = []
    for python in plan.machine.pythons:
        if _minor(python.version) != plan.python:
            continue
        answer = _asked(python.path)
        unfit = _unfit(answer, plan)
        if isinstance(answer, Answer) and unfit is None:
            fitting.append(Base(python.path, answer))
        else:
            tried.append(f"{python.path}: {unfit}")
    return tuple(sorted(fitting, key=_best_first)), tuple(tried)


def _minor(version: str) -> str:
    """``3.13`` of ``3.13.1``; a free-threaded build is another Python, ``3.13t``.

    Wheels for the plain one do not load there.
    """
    return ".".join(version.split(".")[:2]) + ("t" if version.endswith("t") else "")


def _asked(path: str) -> Answer | str:
    """Return the answer of an interpreter, or why there is none."""
    argv = (path, "-E", "-s", "-c", _QUESTION, *_NEEDED, *_BETTER)
    try:
        done = process.run(argv, timeout=TIME_LIMIT_S)
    except process.ProgramTimedOutError:
        return f"it did not answer within {TIME_LIMIT_S:g} seconds"
    except OutsideError as error:
        return error.message
    said = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()[-1:]
    if done.returncode != 0:
        return f"it ended with code {done.returncode}" + "".join(f": {line}" for line in said)
    try:
        return msgspec.json.decode("".join(said), type=Answer)
    except msgspec.MsgspecError:
        return "what it answers is not what a Python answers"


def _unfit(answer: Answer | str, plan: Plan, *, made: bool = False) -> str | None:
    """Why no environment may stand on it; ``made`` for the interpreter inside a new one."""
    if isinstance(answer, str):
        return answer
    processor, *system = answer.platform.split("-")
    here = plan.machine.os.libc or ""
    lacking = [name for name in answer.lacks if name in _NEEDED]
    reasons = {
        f"it is no CPython but {answer.implementation}": answer.implementation != "cpython",
        f"it is Python {'.'.join(map(str, answer.version))}": (
            ".".join(map(str, answer.version[:2])) != plan.python
        ),
        "it is a free-threaded build": answer.free_threaded,
        "it belongs to a virtual environment": answer.virtual and not made,
        f"it is a {answer.bits}-bit build": answer.bits != _BITS,
        f"it is built for {processor}": processor not in {"", "darwin", plan.machine.arch},
        "it is built for musl, and this system has glibc": (
            "musl" in system and here.startswith("glibc")
        ),
        f"it lacks {', '.join(lacking)}": bool(lacking),
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _best_first(base: Base) -> tuple[object, ...]:
    answer = base.answer
    lacking = len(answer.lacks) + (not answer.headers)
    return not answer.final, lacking, answer.conda, -answer.version[2], base.path


def _not_found(plan: Plan, tried: tuple[str, ...]) -> OutsideError:
    return OutsideError(
        "python-not-found",
        f"The plan needs Python {plan.python}, and none that serves is here or could be fetched.",
        context=tried,
        hint=f"Install Python {plan.python} (uv python install {plan.python}, pyenv, conda or the "
        "system's packages), or ask for another with --python.",
    )
